// The office display: puts each new state of the board in place as the server sends it, and says when it is stale.
const main = document.querySelector("[data-stream]");
const show = (state) => {
  for (const mark of document.querySelectorAll("[data-live]")) mark.hidden = mark.dataset.live !== state;
};
const stream = new EventSource(main.dataset.stream + location.search);
stream.onopen = () => show("on");
stream.onmessage = (event) => {
  main.innerHTML = event.data;
  show("on");
};
stream.onerror = () => {
  show("off");
  // Signed out, or too many displays: the browser gave up for good. Look again in a while.
  if (stream.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 30000);
};
