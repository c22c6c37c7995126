"""Holds a list of parts against the schema of CycloneDX 1.6, strictly, after showing that a wrong one is refused."""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = open(sys.argv[1], encoding="utf-8").read()
validator = JsonStrictValidator(SchemaVersion.V1_6)
wrong = json.loads(text)
del wrong["components"][0]["name"]
if validator.validate_str(json.dumps(wrong)) is None:
    sys.exit("a part without a name is not noticed")
fault = validator.validate_str(text)
if fault is not None:
    sys.exit(f"not CycloneDX 1.6: {fault}")
parts = json.loads(text)["components"]
print(f"goal=S9-sbom measured={len(parts)} target=>=100 {'pass' if len(parts) >= 100 else 'fail'}")
sys.exit(len(parts) < 100)
