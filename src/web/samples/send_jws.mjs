import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";

// PHOCHO_URL = https://…/v1/callbacks/<source>, PHOCHO_KEY = the file of the private P-256 key
const { PHOCHO_URL, PHOCHO_KEY, PHOCHO_TYPE } = process.env;
const body = readFileSync(0);
const id = process.env.PHOCHO_ID ?? `msg_${randomUUID()}`;
const timestamp = process.env.PHOCHO_TIMESTAMP ?? Math.floor(Date.now() / 1000).toString();
const header = Buffer.from(JSON.stringify({ alg: "ES256" })).toString("base64url");
const payload = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]).toString("base64url");
const key = createPrivateKey(readFileSync(PHOCHO_KEY));
const signature = sign("sha256", Buffer.from(`${header}.${payload}`), {
  key,
  dsaEncoding: "ieee-p1363",
}).toString("base64url");
const answer = await fetch(PHOCHO_URL, {
  method: "POST",
  body,
  signal: AbortSignal.timeout(30_000),
  headers: {
    "content-type": PHOCHO_TYPE ?? "application/json",
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `jws,${header}..${signature}`,
  },
});
console.log(await answer.text(), answer.status);
