"""Cuts OpenAI's public document to the paths that are tested, without its texts: cut.py openapi.json > chat.json"""
import json
import sys

PATHS = {"/chat/completions": ["post"], "/models": ["get"], "/models/{model}": ["get"]}
TEXTS = {"description", "summary", "example", "examples", "externalDocs", "title"}


def without_texts(value, properties=False):
    """Names of properties stay, whatever they are."""
    if isinstance(value, dict):
        return {key: without_texts(inner, key in ("properties", "schemas")) for key, inner in value.items()
                if properties or (key not in TEXTS and not key.startswith("x-"))}
    if isinstance(value, list):
        return [without_texts(inner) for inner in value]
    return value


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.get("discriminator", {}).get("mapping", {}).values() if isinstance(value.get("discriminator"), dict) else []:
            yield inner
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        whole = json.load(file)
    paths = {path: {method: whole["paths"][path][method] for method in methods} for path, methods in PATHS.items()}
    cut = {"openapi": whole["openapi"], "info": {"title": "Chat completions and models", "version": whole["info"]["version"]},
           "paths": without_texts(paths, True), "components": {}}
    for methods in cut["paths"].values():
        for operation in methods.values():
            for response in operation["responses"].values():
                response.setdefault("description", "")
    waiting = list(references(cut["paths"]))
    while waiting:
        reference = waiting.pop()
        _, _, kind, name = reference.split("/")
        known = cut["components"].setdefault(kind, {})
        if name not in known:
            known[name] = without_texts(whole["components"][kind][name])
            waiting += references(known[name])
    json.dump(cut, sys.stdout, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    print()


main()
