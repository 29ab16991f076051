"""Fuzzing the JSON door: what fits the document and what does not is answered as the document says; never a 500."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from flask import Flask
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.cast import Cast
from tests.doors.scene import OBJECTS, Scene

EXAMPLES = {"reduced": 15, "full": 400}[os.environ.get("LABSHARE_PROOF", "reduced")]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return Scene(app, cast)


def operations(app: Flask) -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    schema.config.generation.update(with_security_parameters=False)  # everybody here has a token
    for found in schema.get_all_operations():
        yield found.ok()


def fuzzed(scene: Scene, who: str, operation: Any, mode: GenerationMode, told: Counter[int]) -> None:
    """Ask one operation in one person's name; every other time about things that are there."""
    headers = {"Authorization": f"Bearer {scene.cast.token(who)}"}
    there = scene.named((one.name for one in operation.path_parameters if one.name in OBJECTS), operation.path)

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def ask(case: Any, real: bool) -> None:
        checks = CHECKS
        if real and there:
            case.path_parameters = dict(there)
            checks = [
                check for check in CHECKS if check is not negative_data_rejection
            ]  # only the path may have been bad
        if real and mode is GenerationMode.POSITIVE and isinstance(case.body, dict) and "instrument" in case.body:
            case.body["instrument"] = "BAT-01"
        answer = case.call(headers=headers)
        told[answer.status_code] += 1
        case.validate_response(answer, checks=checks, headers=headers)

    try:
        ask()
    except hypothesis.errors.Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, operation.label  # what takes nothing, can be given nothing wrong


@pytest.mark.proof
@pytest.mark.beside
@pytest.mark.parametrize("who", ["mei", "ada"])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfitting"])
def test_every_answer_to_a_fuzzer_is_one_the_document_names(
    scene: Scene, who: str, mode: GenerationMode, ran: Callable[..., None]
) -> None:
    told: Counter[int] = Counter()
    wrong = []
    for operation in operations(scene.app):
        try:
            fuzzed(scene, who, operation, mode, told)
        except (Exception, BaseExceptionGroup) as failure:  # every operation is told of, not only the first that fails
            wrong.append(
                f"{operation.label}: {type(failure).__name__}: {failure}\n"
                + "\n".join(getattr(failure, "__notes__", []))
            )
        scene.heal()
    ran(who=who, requests=sum(told.values()), answers=dict(sorted(told.items())))
    assert wrong == [], "\n\n".join(wrong)
    assert max(told) < 500
