"""Data sets and checkpoints, fetched whole or not at all.

    from atmda.download.catalogue import find_target
    from atmda.download.install import install
    install(find_target("urbansound8k"), Path("data"))

`catalogue` says what there is, `install` puts it in place, `verify` compares it with its checksums. Nothing is
imported here, so that shell completion stays quick.
"""
