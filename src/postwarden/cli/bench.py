"""`postwarden bench`: how fast is Postwarden on this machine and this disk?"""

import asyncio
import multiprocessing
import os
import platform
import random
import signal
import smtplib
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, TypeVar

import apsw
import typer

from postwarden.bootstrap import places_of
from postwarden.cli.exits import INTERRUPTED
from postwarden.cli.grammar import new_app
from postwarden.cli.hosting import host_task
from postwarden.cli.invocation import Invocation, Opens, command
from postwarden.cli.queries import read_query
from postwarden.model.addresses import Address
from postwarden.model.cases import Action, Outcome
from postwarden.model.errors import Invalid, MailError, Unavailable
from postwarden.model.queries import Scope
from postwarden.services import accounts, domains, finding
from postwarden.services.accounts import NewAccount
from postwarden.services.cases import opening, previewing, reading, running, undoing
from postwarden.services.ports import UnitOfWork

app = new_app()
T = TypeVar("T")
