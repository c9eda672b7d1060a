// Fetches the moving part of the page every two seconds and keeps what the reader has opened.
const place = document.getElementById("live");
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
      place.classList.remove("stale");
    } else {
      place.classList.add("stale");
    }
  } catch {
    place.classList.add("stale");
  }
}

setInterval(() => {
  if (!document.hidden && !place.contains(document.activeElement)) {
    refresh();
  }
}, PAUSE_MS);
