"""What is made of how backgrounds score before it is subtracted: kinds of profile, by name."""

from atmda.core.profiles.base import ProfileKind
from atmda.core.registry import Registry

#: `published`, its rivals, and whatever other packages add
PROFILES: Registry[ProfileKind] = Registry(
    "profile", "atmda.core.profiles", ("published", "scene", "mean", "mean-removed")
)
