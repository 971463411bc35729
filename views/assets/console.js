/*
 * What scripts add to the console beside htmx: the key of the search, menus that close, buttons that copy, files that are
 * read, forms that keep what was typed, and care for what htmx loads: a page
 * that is none of the console's is loaded as a whole, and whoever hears the page is taken to what is new. Every page works
 * without this file.
 */
(() => {
  const isTyping = (element) => element.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(element.tagName);

  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape')
      for (const open of document.querySelectorAll('.bar details[open], .pick[open]')) open.open = false;
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const search = document.querySelector('[data-search]');
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  // A menu that nobody looks at any more closes.
  document.addEventListener('click', (event) => {
    for (const open of document.querySelectorAll('.bar details[open], .pick[open]'))
      if (!open.contains(event.target)) open.open = false;
  });

  // What is to be copied gets its button where there is a clipboard, and says so when it is done.
  const offerCopies = () => {
    if (!navigator.clipboard) return;
    for (const button of document.querySelectorAll('[data-copy][hidden]')) button.hidden = false;
  };
  offerCopies();

  document.addEventListener('click', async (event) => {
    const button = event.target.closest?.('[data-copy]');
    const text = button && document.getElementById(button.dataset.copy)?.textContent;
    if (!text) return;
    await navigator.clipboard.writeText(text);
    const before = button.textContent;
    if (before === button.dataset.copied) return;
    button.textContent = button.dataset.copied;
    setTimeout(() => {
      button.textContent = before;
    }, 2000);
  });

  // On a phone the rows of a list stand as blocks, each cell beside the name of its column (console.css). Without scripts, and where a
  // column has no name of its own, as in a matrix, a table is moved to the side. The roles say that it is a table all the same.
  const nameCells = () => {
    for (const table of document.querySelectorAll('.table:not(.matrix, [data-named])')) {
      const names = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => cell.textContent.trim());
      const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
      if (rows.length === 0 || !rows.every((row) => row.cells.length === names.length)) continue;
      table.dataset.named = '';
      table.setAttribute('role', 'table');
      for (const part of [table.tHead, ...table.tBodies]) part.setAttribute('role', 'rowgroup');
      for (const row of table.rows) row.setAttribute('role', 'row');
      for (const cell of table.tHead.rows[0].cells) cell.setAttribute('role', 'columnheader');
      for (const row of rows)
        for (const [index, cell] of [...row.cells].entries()) {
          cell.setAttribute('role', cell.tagName === 'TH' ? 'rowheader' : 'cell');
          if (cell.tagName !== 'TH' && cell.textContent.trim() !== '') cell.dataset.name = names[index];
        }
    }
  };
  nameCells();
  document.addEventListener('htmx:afterSettle', nameCells);

  // A page may be the answer to a form that was sent to the page's own address. Whoever comes back to it asks for the page, and
  // is not shown the browser's question whether to send the form again.
  history.replaceState(history.state, '', location.href);

  // What was typed into the form of something new stands there again when one comes back to the page. It is kept in the
  // browser's memory of this very visit and nowhere else, for the person who typed it; never a password, nor a confirmation.
  // A form that changes something begins with what is stored by then.
  let typed;
  const person = () => document.querySelector('.bar-who')?.textContent.trim() ?? '';
  const keptForm = () => document.querySelector('main .form-console:not(:has([name=if_match])), main .form-wide');
  const keptFields = (form) =>
    [...form.elements].filter(
      ({ name, type }) => name && name !== 'typed' && !/^(?:hidden|password|file|submit|button)$/.test(type),
    );
  const keepTyped = () => {
    if (typed) history.replaceState({ ...history.state, typed }, '', location.href);
  };
  const restoreTyped = () => {
    typed = undefined;
    const kept = history.state?.typed;
    const form = keptForm();
    // What a refused form came back with is newer.
    if (!kept || !form || kept.person !== person() || document.getElementById('error-summary')) return;
    for (const field of keptFields(form)) {
      const value = kept.values[field.name];
      if (field.type === 'checkbox') field.checked = value === true;
      else if (typeof value === 'string') field.value = value;
    }
    typed = kept;
  };
  restoreTyped();
  document.addEventListener('change', ({ target }) => {
    const form = keptForm();
    if (!form || target.form !== form) return;
    const values = keptFields(form).map((field) => [
      field.name,
      field.type === 'checkbox' ? field.checked : field.value,
    ]);
    typed = { person: person(), values: Object.fromEntries(values) };
    keepTyped();
  });
  // htmx writes its own mark over it when a page is left.
  document.addEventListener('htmx:beforeHistoryUpdate', keepTyped);
  document.addEventListener('htmx:pushedIntoHistory', () => {
    typed = undefined;
  });

  // So it does when one comes back: it hears of that first, and this after it.
  addEventListener('load', () =>
    addEventListener('popstate', ({ state }) => {
      if (state?.typed) history.replaceState({ ...history.state, typed: state.typed }, '', location.href);
    }),
  );

  // The word of what was done is told once: the page's address forgets it.
  const forgetNotice = () => {
    const url = new URL(location.href);
    if (!url.searchParams.has('notice')) return;
    url.searchParams.delete('notice');
    history.replaceState(history.state, '', url);
  };
  forgetNotice();

  // A file is read into the form that it is chosen in: what is sent is what stands there. Spreadsheets save in Unicode or
  // in the letters of Windows.
  const decode = (bytes) => {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      return new TextDecoder('windows-1252').decode(bytes);
    }
  };
  const readFile = async (chooser, file) => {
    const status = chooser.querySelector('[role=status]');
    const text = decode(await file.arrayBuffer());
    const isTooLong = text.length > Number(chooser.dataset.most);
    status.textContent = isTooLong ? status.dataset.tooLong : file.name;
    if (!isTooLong) chooser.parentElement.querySelector('textarea').value = text;
  };
  const offerFiles = () => {
    for (const chooser of document.querySelectorAll('[data-reads-file]')) chooser.hidden = false;
  };
  offerFiles();
  document.addEventListener('change', (event) => {
    const chooser = event.target.closest?.('[data-reads-file]');
    const [file] = event.target.files ?? [];
    if (!chooser || !file) return;
    readFile(chooser, file);
    // The same file can be chosen again once it was mended.
    event.target.value = '';
  });

  document.addEventListener('htmx:beforeSwap', (event) => {
    const { xhr, requestConfig, boosted } = event.detail;
    const isOurs = xhr.responseText.includes('id="content"');
    if (isOurs && (boosted || xhr.status < 400)) return;
    event.detail.shouldSwap = false;
    if (requestConfig.verb === 'get') location.assign(xhr.responseURL || event.detail.pathInfo.finalRequestPath);
  });

  document.addEventListener('htmx:sendError', (event) => {
    // The browser has words for a server that does not answer.
    if (event.detail.requestConfig.verb === 'get') location.assign(event.detail.pathInfo.finalRequestPath);
  });

  document.addEventListener('htmx:afterSettle', (event) => {
    if (event.detail.target !== document.body) return;
    forgetNotice();
    offerCopies();
    offerFiles();
    restoreTyped();
    const summary = document.getElementById('error-summary');
    (summary ?? document.getElementById('content'))?.focus({ preventScroll: true });
  });
})();
