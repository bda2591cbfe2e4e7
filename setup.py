"""The packages by name: the rooms lie beside `mmplay/`, and a checkout need not have its links."""

from setuptools import find_packages, setup

ROOMS = ("engine", "levels", "recordings", "tui")

packages = find_packages(include=["mmplay", "mmplay.commands*"])
for room in ROOMS:
    packages += [f"mmplay.{room}", *(f"mmplay.{room}.{name}" for name in find_packages(room))]

setup(packages=packages, package_dir={f"mmplay.{room}": room for room in ROOMS})
