// A running demo for the tests: the built program, on a free port, with its data in a folder
// of its own.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = process.env.PHOCHO ?? join(targetFolder(), "debug/phocho");
const NAMES = ["BASE", "DATABASE", "ADMIN", "ADMIN2", "STAFF", "STAFF2", "MERCHANT", "TILL"];

/// Where cargo builds, which its settings or the environment may have moved.
function targetFolder() {
  const manifest = fileURLToPath(new URL("../../Cargo.toml", import.meta.url));
  const told = execFileSync("cargo", ["metadata", "--offline", "--no-deps", "--format-version=1", "--manifest-path", manifest]);
  return JSON.parse(told).target_directory;
}

/// Starts the program and waits for the address and tokens that it prints.
async function start(args) {
  const folder = mkdtempSync(join(tmpdir(), "phocho-"));
  const child = spawn(PROGRAM, [...args, "--data-dir", folder], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { child, stop };
}

/// The pilot on sample data.
export async function startDemo() {
  const { child, stop } = await start(["demo", "--bind", "127.0.0.1:0", "--pace-ms", "200"]);
  child.stderr.resume();
  const values = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [name, value] = line.split("=", 2);
    values[name] = value;
    if (NAMES.every((wanted) => wanted in values)) {
      return { ...values, stop };
    }
  }
  throw new Error("the demo ended before it printed its address");
}

/// A pilot without any data.
export async function startPilot() {
  const { child, stop } = await start(["serve", "--bind", "127.0.0.1:0", "--metrics-bind", ""]);
  for await (const line of createInterface({ input: child.stderr })) {
    const address = line.match(/serving (http:\/\/[0-9.:]+)/);
    if (address) {
      child.stderr.resume();
      return { BASE: address[1], stop };
    }
  }
  throw new Error("the service ended before it said where it serves");
}
