"""What is heard when: windows of long recordings, scored, and what is made of them."""
