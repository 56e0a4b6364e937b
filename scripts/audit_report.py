"""Tell what pip-audit found: status 0 nothing known, 1 vulnerabilities, 3 no database."""

import json
import sys
from pathlib import Path

text = Path(sys.argv[1]).read_text(encoding="utf-8")
packages = json.loads(text)["dependencies"] if text.strip() else []
asked = [package for package in packages if "vulns" in package]
if not asked:
    print("audit: no database of vulnerabilities can be reached from here. NOTHING was checked.", file=sys.stderr)
    sys.exit(3)
for package in packages:
    for vulnerability in package.get("vulns", ()):
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version"
        print(f"{package['name']} {package['version']}: {vulnerability['id']}, mended in {fixed}")
    if "skip_reason" in package:
        print(f"{package['name']}: not looked up: {package['skip_reason']}")
vulnerable = sum(bool(package["vulns"]) for package in asked)
print(f"audit: {len(asked)} of {len(packages)} packages looked up, {vulnerable} with known vulnerabilities")
sys.exit(1 if vulnerable else 0)
