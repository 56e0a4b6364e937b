"""GET /v1/models: what is served."""

from __future__ import annotations

from fastapi import APIRouter

from service.dependencies import Parts, PartsOfApp
from service.models.registry import ServedModel
from service.openapi.description import problem_responses
from service.schemas import ModelAnswer, ModelInput, ModelsAnswer

router = APIRouter(prefix="/v1/models", tags=["models"])


@router.head("", include_in_schema=False)
@router.get("", summary="List the models", responses=problem_responses(401, 403, 429))
def list_models(parts: PartsOfApp) -> ModelsAnswer:
    """Every model that is served, with its card."""
    return ModelsAnswer(models=[_describe(model, parts) for model in parts.registry])


@router.head("/{name}", include_in_schema=False)
@router.get("/{name}", summary="Describe a model", responses=problem_responses(401, 403, 404, 422, 429))
def get_model(name: str, parts: PartsOfApp) -> ModelAnswer:
    """One model, by name or name@version."""
    return _describe(parts.registry.find(name), parts)


def _describe(model: ServedModel, parts: Parts) -> ModelAnswer:
    loaded = model.predictor.loaded
    preprocessing = loaded.preprocessing
    return ModelAnswer(
        name=model.name,
        version=model.version,
        default=model is parts.registry.default,
        preset=loaded.config.preset,
        labels=list(loaded.labels),
        threshold=loaded.config.threshold,
        input=ModelInput(channels=preprocessing.channels, height=preprocessing.height, width=preprocessing.width),
        card=loaded.card,
    )
