// Fetches the moving part of the page every two seconds, keeps what the reader has opened and
// says so when nothing comes any more.
const place = document.getElementById("live");
const lost = document.getElementById("lost");
const PAUSE_MS = 2000;

async function refresh() {
  try {
    const answer = await fetch(place.dataset.source, { cache: "no-store" });
    if (answer.ok) {
      const opened = place.querySelector("details")?.open;
      place.innerHTML = await answer.text();
      const details = place.querySelector("details");
      if (details && opened) {
        details.open = true;
      }
    }
    lost.hidden = answer.ok;
  } catch {
    lost.hidden = false;
  }
}

setInterval(() => {
  if (!document.hidden && !place.contains(document.activeElement)) {
    refresh();
  }
}, PAUSE_MS);
