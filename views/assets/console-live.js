/*
 * The trail as it happens: listens to the server and puts each event on top of the table. What comes is text, and is written as
 * text. Without this file the page shows what was last, and is loaded again.
 */
(() => {
  const most = 200;
  let source;
  let page;

  const leave = () => {
    source?.close();
    source = undefined;
    page = undefined;
  };

  const say = (state) => {
    const told = page.querySelector('[data-live-state]');
    told.textContent = told.dataset[state];
    told.dataset.state = state;
  };

  const add = (event) => {
    const row = page.querySelector('[data-live-row]').content.cloneNode(true);
    for (const part of row.querySelectorAll('[data-part]')) part.textContent = event[part.dataset.part];
    row.querySelector('a').href = event.href;
    row.querySelector('time').dateTime = event.at;
    const rows = page.querySelector('[data-live-rows]');
    rows.prepend(row);
    while (rows.children.length > most) rows.lastElementChild.remove();
  };

  const listen = (last) => {
    const address = new URL(page.dataset.live, location.href);
    if (last) address.searchParams.set('last', last);
    let latest = last;
    say('connecting');
    source = new EventSource(address);
    source.addEventListener('open', () => say('live'));
    source.addEventListener('audit', (message) => {
      latest = message.lastEventId;
      page.dataset.last = latest;
      add(JSON.parse(message.data));
    });
    source.addEventListener('skipped', () => {
      page.querySelector('[data-live-skipped]').hidden = false;
    });
    source.addEventListener('error', () => {
      // A browser comes again by itself, unless it was told that it may not.
      say(source.readyState === EventSource.CLOSED ? 'ended' : 'lost');
    });
  };

  const begin = () => {
    const found = document.querySelector('.live[data-live]');
    if (found === page) return;
    leave();
    if (!found || !('EventSource' in window)) return;
    page = found;
    page.querySelector('.live-bar').hidden = false;
    const button = page.querySelector('[data-live-pause]');
    button.addEventListener('click', () => {
      if (source) {
        source.close();
        source = undefined;
        say('paused');
      } else listen(page.dataset.last);
      button.textContent = source ? button.dataset.pause : button.dataset.resume;
    });
    listen();
  };

  document.addEventListener('htmx:afterSettle', begin);
  addEventListener('pagehide', leave);
  begin();
})();
