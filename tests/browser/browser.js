// A browser for the tests, and what is asked of every page: nothing from elsewhere, no violation
// of its policy, no finding of the accessibility rules, nothing cut off, nothing too small for a
// finger.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/// A cheap telephone and a desk.
export const SIZES = [
  { width: 360, height: 640 },
  { width: 1280, height: 800 },
];
/// The height of a finger, in pixels.
const FINGER = 44;

/// Starts the browser.
export function launch() {
  return chromium.launch({
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
}

/// Opens a context and notes all that goes wrong in its pages.
export async function openContext(browser, base, options = {}) {
  const context = await browser.newContext({ locale: "vi-VN", bypassCSP: false, ...options });
  const faults = [];
  context.on("weberror", (error) => faults.push(error.error().message));
  context.on("console", (message) => {
    if (message.type() === "error" || message.text().includes("Content Security Policy")) {
      faults.push(message.text());
    }
  });
  context.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(base).origin) {
      faults.push(`asked elsewhere: ${request.url()}`);
    }
  });
  return { context, faults };
}

/// Opens a page and notes all that goes wrong in it.
export async function open(browser, url, options = {}) {
  const { context, faults } = await openContext(browser, url, options);
  const page = await context.newPage();
  await page.goto(url);
  return { context, page, faults };
}

/// The accessibility rules that an open page breaks, where the checker may run.
export async function brokenRules(page) {
  await page.addScriptTag({ content: AXE });
  const result = await page.evaluate(
    (rules) => axe.run(document, { runOnly: { type: "tag", values: rules } }),
    RULES,
  );
  return result.violations.map((it) => `${it.id}: ${it.nodes.map((node) => node.target).join(" ")}`);
}

/// The accessibility rules that a page breaks, in a context where the checker may run.
export async function broken(browser, url, viewport) {
  const { context, page } = await open(browser, url, { viewport, bypassCSP: true });
  const rules = await brokenRules(page);
  await context.close();
  return rules;
}

/// What is asked of how a page looks, at the size that it has.
export async function looksSound(page, language) {
  const { width } = page.viewportSize();
  const found = await page.evaluate((finger) => {
    const standing = document.querySelectorAll("header p > a, footer a, summary, button, select, .step");
    const names = document.querySelectorAll("tbody th code");
    const ends = [...document.querySelectorAll("footer")].map((it) => it.innerText.trim());
    const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map((it) => Number(it.tagName[1]));
    return {
      width: document.documentElement.scrollWidth,
      language: document.documentElement.lang,
      small: [...standing].filter((it) => it.getBoundingClientRect().height < finger).map((it) => it.outerHTML),
      torn: [...names].filter((it) => it.getClientRects().length > 1).map((it) => it.textContent),
      dangling: ends.filter((it) => it.endsWith("·")),
      firsts: levels.filter((it) => it === 1).length,
      skipped: levels.some((it, place) => place > 0 && it > levels[place - 1] + 1),
    };
  }, FINGER);
  assert.deepEqual(found, { width, language, small: [], torn: [], dangling: [], firsts: 1, skipped: false });
}
