"""GET /v1/models: the models that are served."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from service.http.state import from_state
from service.models.registry import ModelRegistry, ServedModel
from service.models.schemas import ModelAnswer, ModelInput, ModelsAnswer
from service.openapi.responses import problem_responses

Registry = Annotated[ModelRegistry, from_state("registry")]

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.head("", include_in_schema=False)
@router.get("", summary="List the models", responses=problem_responses(401, 403, 429))
def list_models(registry: Registry) -> ModelsAnswer:
    """Every model that is served, with its card."""
    return ModelsAnswer(models=[_describe(model, registry) for model in registry])


@router.head("/{name}", include_in_schema=False)
@router.get("/{name}", summary="Describe a model", responses=problem_responses(401, 403, 404, 422, 429))
def get_model(name: str, registry: Registry) -> ModelAnswer:
    """One model, by name or name@version."""
    return _describe(registry.find(name), registry)


def _describe(model: ServedModel, registry: ModelRegistry) -> ModelAnswer:
    loaded = model.predictor.loaded
    preprocessing = loaded.preprocessing
    return ModelAnswer(
        name=model.name,
        version=model.version,
        default=model is registry.default,
        preset=loaded.config.preset,
        labels=list(loaded.labels),
        threshold=loaded.config.threshold,
        input=ModelInput(channels=preprocessing.channels, height=preprocessing.height, width=preprocessing.width),
        card=loaded.card,
    )
