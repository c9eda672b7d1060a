// A bank's engineer and his trial in a real browser: he makes one on the page for banks, sends
// notices, reads what became of them and what to do, and gets the report that it works; with
// scripts and without, because these pages need none.
import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { broken, brokenRules, launch, looksSound, open, openContext, SIZES } from "./browser.js";
import { startPilot } from "./demo.js";

const WORDS = {
  vi: {
    made: "Nguồn thử của bạn",
    nothing: "Chưa có gì được gửi đến.",
    open: "CHƯA ĐẠT",
    passed: "ĐẠT",
    remedy: "Cần làm: Số tiền phải là số nguyên đồng",
    why: "quarantined (giữ lại) bad_amount (số tiền sai)",
    cut: "Liên kết thiếu mã đọc",
    onPurpose: "Nếu không cố ý: Chữ ký không khớp",
    reload: "Tải lại",
    gone: "nguồn thử đã hết một ngày",
  },
  en: {
    made: "Your trial",
    nothing: "Nothing came yet.",
    open: "NOT PASSED YET",
    passed: "PASSED",
    remedy: "To do: The amount has to be a whole number of đồng",
    why: "quarantined bad_amount",
    cut: "The link lacks the token",
    onPurpose: "If it was not meant: The signature does not fit",
    reload: "Reload",
    gone: "its day is over",
  },
};

/// One moment for all: a repeat says the same as the notice that it repeats.
const BOOKED_AT = new Date().toISOString();

let browser;
let pilot;

before(async () => {
  pilot = await startPilot();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await pilot?.stop();
});

/// Makes a trial with the form of the page for banks; gives what its page shows.
async function make(page, language) {
  await page.goto(`${pilot.BASE}/docs/banks?lang=${language}`);
  await page.locator("#adapter").selectOption("standard_webhooks");
  await page.locator("form button").click();
  await page.locator(".facts").waitFor();
  assert.equal(await page.locator("h1").innerText(), WORDS[language].made);
  const [secret, , , , address, account, reference] = await page.locator(".facts code").allInnerTexts();
  return { secret, address, account, reference };
}

/// Sends a notice as the bank of a trial; gives the status of the answer.
async function send(trial, number, change = {}, { secret = trial.secret, age = 0 } = {}) {
  const data = {
    transaction_id: `TRY-${number}`,
    account_number: trial.account,
    direction: "credit",
    amount: 45_000,
    currency: "VND",
    content: trial.reference,
    booked_at: BOOKED_AT,
    ...change,
  };
  const way = { credit: "credited", debit: "debited" }[data.direction];
  const body = JSON.stringify({ type: `bank.transaction.${way}`, data });
  const [id, timestamp] = [`msg_${randomBytes(8).toString("hex")}`, Math.floor(Date.now() / 1000) - age];
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  const answer = await fetch(trial.address, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": `v1,${signature}`,
    },
  });
  return answer.status;
}

/// Shows every check of the format, after one notice that cannot be used.
async function sendTheRest(trial) {
  const strange = `whsec_${randomBytes(32).toString("base64")}`;
  assert.equal(await send(trial, 1), 200);
  assert.equal(await send(trial, 1), 200);
  assert.equal(await send(trial, 2), 200);
  assert.equal(await send(trial, 3, { content: `MBVCB.3278907687.${trial.reference}` }), 200);
  assert.equal(await send(trial, 4, { direction: "debit" }), 200);
  assert.equal(await send(trial, 5, {}, { secret: strange }), 401);
  assert.equal(await send(trial, 6, {}, { age: 600 }), 401);
}

for (const [language, viewport] of [
  ["vi", SIZES[0]],
  ["en", SIZES[1]],
]) {
  const size = `${viewport.width}×${viewport.height}`;
  const words = WORDS[language];
  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? "with scripts" : "without scripts";
    test(`an engineer passes at ${size} in ${language} ${how}`, async () => {
      const options = { viewport, javaScriptEnabled };
      const { context, faults } = await openContext(browser, pilot.BASE, options);
      const made = await context.newPage();
      const trial = await make(made, language);
      await looksSound(made, language);

      // What is shown once stays open beside the page of the verdicts.
      const opened = context.waitForEvent("page");
      await made.locator(".step").click();
      const page = await opened;
      await page.locator("#verdict").waitFor();
      const verdict = () => page.locator("#verdict strong").innerText();
      assert.equal(await verdict(), words.open);
      assert.ok((await page.locator("main").innerText()).includes(words.nothing));
      await looksSound(page, language);

      assert.equal(await send(trial, 9, { amount: -5 }), 200);
      await page.getByRole("link", { name: words.reload }).click();
      await page.locator("#d1.miss").waitFor();
      const refused = await page.locator("#d1").innerText();
      assert.ok(refused.includes(words.why), refused);
      assert.ok(refused.includes(words.remedy), refused);
      assert.equal(await verdict(), words.open);

      await sendTheRest(trial);
      await page.getByRole("link", { name: words.reload }).click();
      await page.locator("#verdict.pass").waitFor();
      assert.equal(await verdict(), words.passed);
      assert.equal(await page.locator(".checks .pass").count(), 8);
      assert.ok((await page.locator("#d7").innerText()).includes(words.onPurpose));
      await looksSound(page, language);
      const url = page.url();
      await context.close();
      assert.deepEqual(faults, []);
      assert.deepEqual(await broken(browser, url, viewport), []);
    });
  }

  test(`the page of a new trial breaks no rule at ${size} in ${language}`, async () => {
    const { context } = await openContext(browser, pilot.BASE, { viewport, bypassCSP: true });
    const page = await context.newPage();
    await make(page, language);
    assert.deepEqual(await brokenRules(page), []);
    await context.close();
  });

  test(`a trial whose day is over says so at ${size} in ${language}`, async () => {
    const token = `pht_${"0".repeat(64)}`;
    const id = "trl_00000000000000000000000000000077";
    const url = `${pilot.BASE}/docs/banks/trials/${id}?token=${token}&lang=${language}`;
    const { context, page } = await open(browser, url, { viewport });
    await looksSound(page, language);
    assert.ok((await page.locator("main").innerText()).includes(words.gone));
    await context.close();
    assert.deepEqual(await broken(browser, url, viewport), []);
  });
}

for (const [language, viewport] of [
  ["vi", SIZES[0]],
  ["en", SIZES[1]],
]) {
  test(`a trial's link without its token says so in ${language}`, async () => {
    const url = `${pilot.BASE}/docs/banks/trials/trl_00000000000000000000000000000077?lang=${language}`;
    const { context, page } = await open(browser, url, { viewport });
    await looksSound(page, language);
    assert.ok((await page.locator("main").innerText()).includes(WORDS[language].cut));
    await context.close();
  });
}

test("a vendor's format is described where the page of its trial leads", async () => {
  const { context, faults } = await openContext(browser, pilot.BASE, { viewport: SIZES[0] });
  const page = await context.newPage();
  await page.goto(`${pilot.BASE}/docs/banks?lang=vi`);
  await page.locator("#adapter").selectOption("casso_v2");
  await page.locator("form button").click();
  await looksSound(page, "vi");
  const opened = context.waitForEvent("page");
  await page.locator("main a[href$='#casso_v2']").click();
  const described = await opened;
  await described.locator("tr:target").waitFor();
  assert.match(await described.locator("tr:target").innerText(), /X-Casso-Signature/);
  await context.close();
  assert.deepEqual(faults, []);
});

for (const [language, viewport] of [
  ["vi", SIZES[0]],
  ["en", SIZES[1]],
]) {
  test(`a trial of camt.054 has its lines on both pages in ${language}`, async () => {
    const { context, faults } = await openContext(browser, pilot.BASE, { viewport });
    const page = await context.newPage();
    await page.goto(`${pilot.BASE}/docs/banks?lang=${language}`);
    await page.locator("#adapter").selectOption("camt054");
    await page.locator("form button").click();
    await looksSound(page, language);
    const commands = await page.locator(".language-commands").innerText();
    assert.match(commands, /PHOCHO_TYPE='application\/xml'/);
    assert.match(commands, /camt\.054\.001\.08/);
    const href = await page.locator(".step").getAttribute("href");
    await page.goto(`${pilot.BASE}${href}`);
    assert.equal(await page.locator(".language-rest").isVisible(), false);
    await page.locator("summary").click();
    assert.match(await page.locator(".language-rest").innerText(), /sed 's\/TRY-1\/TRY-2/);
    assert.match(await page.locator(".language-commands").innerText(), /PHOCHO_SECRET='…'/);
    await looksSound(page, language);
    const url = page.url();
    await context.close();
    assert.deepEqual(faults, []);
    assert.deepEqual(await broken(browser, url, viewport), []);
  });
}

test("the report prints without what only a screen needs", async () => {
  const { context } = await openContext(browser, pilot.BASE);
  const made = await context.newPage();
  await make(made, "en");
  const href = await made.locator(".step").getAttribute("href");
  await made.goto(`${pilot.BASE}${href}`);
  await made.emulateMedia({ media: "print" });
  assert.equal(await made.locator(".no-print:visible").count(), 0);
  assert.ok(await made.locator("#verdict").isVisible());
  await context.close();
});
