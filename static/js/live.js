// Hears from the server that a calendar has changed: by a stream, and by asking now and then where there is none.

const POLL_EVERY = 15_000;

// `changed` is called for each hint, and once when the stream has begun: what happened before is not told.
export function listen(address, changed) {
  let polling = 0;
  const poll = () => { polling ||= setInterval(() => { if (!document.hidden) changed(); }, POLL_EVERY); };
  const rest = () => { clearInterval(polling); polling = 0; };

  let source = null;
  const open = () => {
    source = new EventSource(address);
    source.addEventListener("listening", () => { rest(); changed(); });
    source.addEventListener("change", changed);
    // The server says that this person may no longer listen: the next page will ask to sign in.
    source.addEventListener("over", () => { source.close(); location.reload(); });
    source.addEventListener("error", () => {
      poll();
      // Refused (all places taken, or the server is away): the browser gives up, so we come back ourselves.
      if (source.readyState === EventSource.CLOSED) setTimeout(open, 60_000 + Math.random() * 30_000);
    });
  };
  open();

  // A page that goes frees its place at once; one that comes back from the browser's cache asks for a new one.
  addEventListener("pagehide", () => { source.close(); rest(); });
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
}
