/*
 * What scripts add to the pages: showing a password, keeping a form from being sent twice, saying that what was sent is
 * worked on, keeping a password from a form that needs none, telling times in the reader's zone, sending a form that asks
 * nothing, counting down to when a code can be asked for again, and taking the reader to what went wrong. Every page works without this file.
 */
(() => {
  const resubmitAfterMs = 10_000;
  const tellAfterMs = 1_000;

  /** Browsers older than the autofocus of any element need help; for the others this changes nothing. */
  document.getElementById('error-summary')?.focus();

  for (const button of document.querySelectorAll('[data-reveal]')) {
    const input = document.getElementById(button.getAttribute('aria-controls'));
    const status = button.parentElement.querySelector('[role=status]');

    const reveal = (visible) => {
      input.type = visible ? 'text' : 'password';
      button.textContent = visible ? button.dataset.hide : button.dataset.show;
      button.setAttribute('aria-label', visible ? button.dataset.hideLabel : button.dataset.showLabel);
    };
    button.addEventListener('click', () => {
      const visible = input.type === 'password';
      reveal(visible);
      status.textContent = visible ? button.dataset.shown : button.dataset.hidden;
    });
    // Sent as a password field, or browsers would remember it among ordinary texts.
    input.form?.addEventListener('submit', () => reveal(false));
    input.spellcheck = false;
    button.hidden = false;
  }

  // Looked up each time: in the console, pages come and go under this script.
  const sayWorking = (words) => {
    const working = document.getElementById('working');
    if (working) working.textContent = words ?? working.dataset.words;
  };

  // `elements` has the buttons that stand outside of the form, too.
  const release = (form) => {
    delete form.dataset.sending;
    for (const element of form.elements) {
      element.removeAttribute('aria-busy');
      if (element.dataset.leftOut) element.disabled = false;
    }
    sayWorking('');
  };

  document.addEventListener('submit', (event) => {
    const form = event.target;
    // A field may be called `method`, and stands in front of the form's own then.
    if (form.getAttribute('method') !== 'post') return;
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    // The button stays enabled: a disabled one would not send its name and value.
    form.dataset.sending = 'yes';
    event.submitter?.setAttribute('aria-busy', 'true');
    setTimeout(() => {
      if (form.dataset.sending) sayWorking();
    }, tellAfterMs);
    setTimeout(() => release(form), resubmitAfterMs);
    // A way on beside the form takes along the address, and no password.
    if (event.submitter?.name === 'to')
      for (const secret of form.querySelectorAll('[type=password]')) {
        secret.disabled = true;
        secret.dataset.leftOut = 'yes';
      }
  });

  // Until a code can be asked for again. Told in words where there are no scripts, and the server decides in any case.
  for (const form of document.querySelectorAll('[data-countdown]')) {
    const until = Date.now() + Number(form.dataset.countdown) * 1000;
    const buttons = form.querySelectorAll('button');
    const label = form.querySelector('[data-countdown-label]');
    const again = label.textContent;
    const status = form.querySelector('[role=status]');

    const tick = () => {
      // From the clock: a tab in the background is woken seldom, and a page brought back not at all.
      const seconds = Math.ceil((until - Date.now()) / 1000);
      const waits = seconds > 0;
      for (const button of buttons) button.disabled = waits;
      if (waits) {
        const time =
          seconds < 60 ? `${seconds}\u00a0s` : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
        label.textContent = label.dataset.countdownLabel.replace('%', time);
        setTimeout(tick, 250);
        return;
      }
      label.textContent = again;
      status.textContent = status.dataset.countdownOver;
    };
    form.querySelector('[data-countdown-words]').hidden = true;
    tick();
  }

  // Where the server does not know the reader's zone it writes UTC; the browser knows better.
  for (const time of document.querySelectorAll('time[data-local]')) {
    const style = { day: 'numeric', month: 'long', year: 'numeric', hour: 'numeric', minute: '2-digit' };
    const format = new Intl.DateTimeFormat(time.dataset.local, { ...style, timeZoneName: 'short' });
    time.textContent = format.format(new Date(time.dateTime));
  }

  // A form that only carries something on needs nobody to send it.
  document.querySelector('[data-carry-on]')?.requestSubmit();

  // A page that the back button brings back is as it was left: mid-way through sending.
  addEventListener('pageshow', (event) => {
    if (event.persisted) for (const form of document.forms) release(form);
  });
})();
