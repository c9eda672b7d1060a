// Every page in a real browser: at the size of a cheap telephone and of a desk, in both
// languages, with data and without; nothing from elsewhere, no violation of the page's policy,
// no finding of the accessibility rules, and figures that move.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { startDemo, startPilot } from "./demo.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const SIZES = [
  { width: 360, height: 640 },
  { width: 1280, height: 800 },
];

let browser;
let demo;
let pilot;

before(async () => {
  [demo, pilot] = await Promise.all([startDemo(), startPilot()]);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
});

after(async () => {
  await browser?.close();
  await Promise.all([demo?.stop(), pilot?.stop()]);
});

/// Opens a page and notes all that went wrong in it.
async function open(url, options = {}) {
  const context = await browser.newContext({ locale: "vi-VN", bypassCSP: false, ...options });
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.text().includes("Content Security Policy")) {
      faults.push(message.text());
    }
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) {
      faults.push(`asked elsewhere: ${request.url()}`);
    }
  });
  await page.goto(url);
  return { context, page, faults };
}

/// The accessibility rules that a page breaks, in a context where the checker may run.
async function broken(url, viewport) {
  const { context, page } = await open(url, { viewport, bypassCSP: true });
  await page.addScriptTag({ content: AXE });
  const result = await page.evaluate(
    (rules) => axe.run(document, { runOnly: { type: "tag", values: rules } }),
    RULES,
  );
  await context.close();
  return result.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.target).join(" ")}`);
}

for (const viewport of SIZES) {
  const size = `${viewport.width}×${viewport.height}`;
  for (const language of ["vi", "en"]) {
    for (const kind of ["sample data", "an empty pilot"]) {
      test(`the front page of ${kind} is sound at ${size} in ${language}`, async () => {
        const base = kind === "sample data" ? demo.BASE : pilot.BASE;
        const url = `${base}/?lang=${language}`;
        const { context, page, faults } = await open(url, { viewport });
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.equal(width, viewport.width, "nothing is cut off sideways");
        assert.equal(await page.getAttribute("html", "lang"), language);
        const banner = await page.locator(".banner").count();
        assert.equal(banner, kind === "sample data" ? 1 : 0);
        await context.close();
        assert.deepEqual(faults, []);
        assert.deepEqual(await broken(url, viewport), []);
      });
    }
  }
}

test("payments move on the page by themselves, and an opened table stays open", async () => {
  const { context, page, faults } = await open(`${demo.BASE}/`);
  await page.locator("summary").click();
  await page.locator("h1").click();
  await page.evaluate(() => document.activeElement?.blur());
  const newest = () => page.locator(".newest tbody").innerText();
  const first = await newest();
  await page.waitForFunction(
    (before) => document.querySelector(".newest tbody").innerText !== before,
    first,
    { timeout: 20_000 },
  );
  assert.ok(await page.locator("details").evaluate((it) => it.open));
  await context.close();
  assert.deepEqual(faults, []);
});

test("the page works without a script", async () => {
  const { context, page } = await open(`${demo.BASE}/`, { javaScriptEnabled: false });
  await page.locator(".zones tbody tr").first().waitFor();
  assert.equal(await page.locator(".zones tbody tr").count(), 5);
  await context.close();
});

test("the API's pages open without anything from elsewhere", async () => {
  const { context, page, faults } = await open(`${demo.BASE}/docs/`);
  await page.locator(".opblock").first().waitFor({ timeout: 30_000 });
  assert.ok((await page.locator(".opblock").count()) > 50);
  await page.goto(`${demo.BASE}/docs/errors`);
  assert.ok((await page.locator("code").count()) > 10);
  await context.close();
  // The reader tries one inline style, which the policy stops, and does without it.
  const others = faults.filter((it) => !it.startsWith("Applying inline style violates"));
  assert.deepEqual(others, []);
});
