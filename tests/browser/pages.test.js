// Every page in a real browser: at the size of a cheap telephone and of a desk, in both
// languages, with data and without; and figures that move.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { broken, launch, looksSound, open, SIZES } from "./browser.js";
import { startDemo, startPilot } from "./demo.js";

let browser;
let demo;
let pilot;

before(async () => {
  [demo, pilot] = await Promise.all([startDemo(), startPilot()]);
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await Promise.all([demo?.stop(), pilot?.stop()]);
});

/// Each page, whose data it shows, and where it is.
const PAGES = [
  ["the front page of sample data", () => demo, "/"],
  ["the front page of an empty pilot", () => pilot, "/"],
  ["the page for banks", () => pilot, "/docs/banks"],
  ["the page of every error", () => pilot, "/docs/errors"],
  ["the page of one error", () => pilot, "/docs/errors/not_found"],
];

for (const viewport of SIZES) {
  const size = `${viewport.width}×${viewport.height}`;
  for (const language of ["vi", "en"]) {
    for (const [name, owner, path] of PAGES) {
      test(`${name} is sound at ${size} in ${language}`, async () => {
        const url = `${owner().BASE}${path}?lang=${language}`;
        const { context, page, faults } = await open(browser, url, { viewport });
        await looksSound(page, language);
        const banner = await page.locator(".banner").count();
        assert.equal(banner, owner() === demo ? 1 : 0);
        await context.close();
        assert.deepEqual(faults, []);
        assert.deepEqual(await broken(browser, url, viewport), []);
      });
    }
    test(`a page that is not there says so at ${size} in ${language}`, async () => {
      const url = `${pilot.BASE}/nowhere?lang=${language}`;
      const { context, page } = await open(browser, url, { viewport });
      await looksSound(page, language);
      const title = { vi: "Không tìm thấy", en: "Not found" }[language];
      assert.equal(await page.locator("h1").innerText(), title);
      await context.close();
      assert.deepEqual(await broken(browser, url, viewport), []);
    });
  }
}

test("long names of places stay within a telephone's page", async () => {
  const { context, page } = await open(browser, `${demo.BASE}/?lang=vi`, { viewport: SIZES[0] });
  await page.evaluate(() => {
    const long = "Hộ kinh doanh Bánh tôm Nguyễn Thị Phương Thảo Minh Nguyệt ".repeat(3);
    for (const place of document.querySelectorAll(".place")) {
      place.textContent = place.cellIndex === 1 ? long : "Nghiêngnghiêng".repeat(12);
    }
  });
  await looksSound(page, "vi");
  await context.close();
});

test("payments move on the page by themselves, and an opened table stays open", async () => {
  const { context, page, faults } = await open(browser, `${demo.BASE}/`);
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
  assert.ok(await page.locator("#lost").isHidden());
  await context.close();
  assert.deepEqual(faults, []);
});

test("the opened table of days fits a telephone and says which accounts are closed", async () => {
  const { context, page } = await open(browser, `${demo.BASE}/?lang=vi`, { viewport: SIZES[0] });
  await page.locator("summary").click();
  await looksSound(page, "vi");
  const shares = await page.locator(".days tbody td:last-child").allInnerTexts();
  assert.equal(shares.length, 31);
  assert.ok(shares.every((it) => /^\d+ \/ 180$/.test(it)));
  await context.close();
});

test("the page says so when the server is not heard any more", async () => {
  const { context, page } = await open(browser, `${demo.BASE}/?lang=en`);
  await page.route("**/live*", (route) => route.abort());
  await page.locator("#lost").waitFor({ timeout: 20_000 });
  assert.match(await page.locator("#lost").innerText(), /^No connection/);
  await page.unroute("**/live*");
  await page.locator("#lost").waitFor({ state: "hidden", timeout: 20_000 });
  await context.close();
});

test("the page works without a script", async () => {
  const { context, page } = await open(browser, `${demo.BASE}/`, { javaScriptEnabled: false });
  await page.locator(".zones tbody tr").first().waitFor();
  assert.equal(await page.locator(".zones tbody tr").count(), 5);
  await context.close();
});

test("whoever walks by keyboard sees where he is", async () => {
  const { context, page } = await open(browser, `${pilot.BASE}/docs/banks?lang=en`);
  for (let step = 0; step < 6; step += 1) {
    await page.keyboard.press("Tab");
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.equal(outline, "solid");
  }
  await context.close();
});

test("the API's pages open without anything from elsewhere", async () => {
  const { context, page, faults } = await open(browser, `${demo.BASE}/docs/`);
  await page.locator(".opblock").first().waitFor({ timeout: 30_000 });
  assert.ok((await page.locator(".opblock").count()) > 50);
  await context.close();
  // The reader tries one inline style, which the policy stops, and does without it.
  const others = faults.filter((it) => !it.startsWith("Applying inline style violates"));
  assert.deepEqual(others, []);
});
