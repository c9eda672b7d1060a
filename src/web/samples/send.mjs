import { createHmac, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

// PHOCHO_URL = https://…/v1/callbacks/<source>, PHOCHO_SECRET = whsec_…
const { PHOCHO_URL, PHOCHO_SECRET, PHOCHO_TYPE } = process.env;
const body = readFileSync(0);
const key = Buffer.from(PHOCHO_SECRET.replace(/^whsec_/, ""), "base64");
const id = process.env.PHOCHO_ID ?? `msg_${randomUUID()}`;
const timestamp = process.env.PHOCHO_TIMESTAMP ?? Math.floor(Date.now() / 1000).toString();
const signature = createHmac("sha256", key)
  .update(`${id}.${timestamp}.`)
  .update(body)
  .digest("base64");
const answer = await fetch(PHOCHO_URL, {
  method: "POST",
  body,
  signal: AbortSignal.timeout(30_000),
  headers: {
    "content-type": PHOCHO_TYPE ?? "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
  },
});
console.log(await answer.text(), answer.status);
