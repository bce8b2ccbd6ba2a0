"""Packages of the distribution. The folder data/ is installed as catalog/data, which pyproject.toml cannot say."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["symbolic", "symbolic.*", "catalog", "catalog.*"]), "catalog.data"],
    package_dir={"catalog.data": "data"},
    package_data={
        "symbolic": ["py.typed"],
        "catalog": ["py.typed", "templates/*"],
        "catalog.data": ["problems/*.toml", "published/*.toml"],
    },
)
