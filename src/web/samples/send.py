import base64, hashlib, hmac, os, secrets, sys, time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

# PHOCHO_URL = https://…/v1/callbacks/<source>, PHOCHO_SECRET = whsec_…
body = sys.stdin.buffer.read()
key = base64.b64decode(os.environ["PHOCHO_SECRET"].removeprefix("whsec_"))
message_id = os.environ.get("PHOCHO_ID") or "msg_" + secrets.token_hex(12)
timestamp = os.environ.get("PHOCHO_TIMESTAMP") or str(int(time.time()))
signed = f"{message_id}.{timestamp}.".encode() + body
signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
request = Request(os.environ["PHOCHO_URL"], data=body, method="POST", headers={
    "content-type": os.environ.get("PHOCHO_TYPE") or "application/json",
    "webhook-id": message_id,
    "webhook-timestamp": timestamp,
    "webhook-signature": "v1," + signature,
})
try:
    answer = urlopen(request, timeout=30)
except HTTPError as refused:
    answer = refused
print(answer.read().decode(), answer.status)
