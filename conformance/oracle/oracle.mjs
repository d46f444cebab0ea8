// Reads scenarios as JSON lines on standard input and writes the traces CPython's asyncio gives as JSON lines.
//
//   node oracle.mjs [--off 3,5] [--coverage FILE] < scenarios.jsonl > traces.jsonl
//
// --off switches differences off by number, as "off": [3] beside a line's scenario does for that line; --coverage writes
// which branches of asyncio were not taken.
// Lines are answered as they come, so that a program may also ask one at a time.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { loadPyodide } from "pyodide";

const { values: flags } = parseArgs({
  options: { off: { type: "string", default: "" }, coverage: { type: "string" } },
});
const off = flags.off.split(",").filter((number) => number !== "").map(Number);

const pyodide = await loadPyodide({ env: { PYTHONHASHSEED: "0" } });
pyodide.FS.mkdir("/oracle");
for (const name of ["pure_asyncio", "virtual_loop", "differences", "scenario", "branches", "oracle"]) {
  pyodide.FS.writeFile(`/oracle/${name}.py`, readFileSync(new URL(`${name}.py`, import.meta.url)));
}
pyodide.runPython("import sys; sys.path.insert(0, '/oracle')");
const oracle = pyodide.pyimport("oracle");
if (flags.coverage) pyodide.pyimport("branches").start();

function answer(lines) {
  try {
    process.stdout.write(oracle.answer(lines, off));
  } catch (error) {
    process.stderr.write(`oracle: ${error.message}\n`);
    process.exit(2);
  }
}

process.stdin.setEncoding("utf8");
let rest = "";
for await (const chunk of process.stdin) {
  rest += chunk;
  const end = rest.lastIndexOf("\n") + 1;
  if (end > 0) answer(rest.slice(0, end));
  rest = rest.slice(end);
}
if (rest !== "") answer(rest);
if (flags.coverage) writeFileSync(flags.coverage, pyodide.pyimport("branches").report());
