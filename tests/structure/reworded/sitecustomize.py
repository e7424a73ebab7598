"""A Python whose bnproof says something else: workers import this file when they start."""

import os

import pytest
from tests.structure.rewording import VARIABLE, reword_here

reword_here(pytest.MonkeyPatch(), os.environ[VARIABLE])
