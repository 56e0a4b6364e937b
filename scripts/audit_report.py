"""Print a pip-audit report. Exit status: 0 no known vulnerability, 1 vulnerabilities, 3 no database was reached."""

import json
import sys
from pathlib import Path

text = Path(sys.argv[1]).read_text(encoding="utf-8")
packages = json.loads(text)["dependencies"] if text.strip() else []
checked = [package for package in packages if "vulns" in package]
if not checked:
    print("audit: no vulnerability database could be reached. NOTHING was checked.", file=sys.stderr)
    sys.exit(3)
for package in packages:
    for vulnerability in package.get("vulns", ()):
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version"
        print(f"{package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}")
    if "skip_reason" in package:
        print(f"{package['name']}: not checked: {package['skip_reason']}")
vulnerable = sum(bool(package["vulns"]) for package in checked)
print(f"audit: {len(checked)} of {len(packages)} packages checked, {vulnerable} with known vulnerabilities")
sys.exit(1 if vulnerable else 0)
