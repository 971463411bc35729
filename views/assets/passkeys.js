/*
 * Passkeys: asks the browser for one and sends what the authenticator answers with the page's form; tells it which there are. Without this file, and in
 * browsers that have no passkeys, nothing of them shows.
 */
(() => {
  const { PublicKeyCredential: credentials } = globalThis;
  const form = document.querySelector('form[data-passkey]');

  // Tells the browser's own list of passkeys what has become of them here. It says nothing back, and a browser that has no
  // such list, or no such account in it, does nothing.
  const signal = (name, told) => credentials?.[name]?.(told).catch(() => undefined);
  const known = document.querySelector('[data-passkey-signal]')?.dataset.passkeySignal;
  if (known) {
    const { rpId, userId, name, displayName, allAcceptedCredentialIds } = JSON.parse(known);
    signal('signalAllAcceptedCredentials', { rpId, userId, allAcceptedCredentialIds });
    signal('signalCurrentUserDetails', { rpId, userId, name, displayName });
  }
  if (form?.dataset.unknown)
    signal('signalUnknownCredential', { rpId: form.dataset.rpId, credentialId: form.dataset.unknown });

  if (!form) return;
  const status = form.querySelector('[role=status]');
  const isNew = form.dataset.passkey === 'create';

  const bytesOf = (text) =>
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0));
  const textOf = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replace(/=+$/, '');

  if (!credentials || !navigator.credentials) {
    if (isNew) status.textContent = status.dataset.unsupported;
    for (const part of document.querySelectorAll('[data-without-passkeys]')) part.hidden = false;
    return;
  }
  for (const part of [form, ...form.querySelectorAll('[data-with-passkeys]')]) part.hidden = false;

  // The server offers a passkey after another sign-in where this says so: it cannot know what a browser has.
  const tell = (isThere) => {
    if (!isThere) return;
    const secure = location.protocol === 'https:' ? '; secure' : '';
    document.cookie = `gh_passkeys=1; path=/interaction; max-age=3600; samesite=lax${secure}`;
  };
  if (!isNew) credentials.isUserVerifyingPlatformAuthenticatorAvailable?.().then(tell, () => undefined);

  // As `toJSON` of the credential, which older browsers have not.
  const answerOf = ({ id, rawId, type, response }) => {
    const answer = { clientDataJSON: textOf(response.clientDataJSON) };
    if (isNew) {
      answer.attestationObject = textOf(response.attestationObject);
      answer.transports = response.getTransports?.() ?? [];
    } else {
      answer.authenticatorData = textOf(response.authenticatorData);
      answer.signature = textOf(response.signature);
      if (response.userHandle) answer.userHandle = textOf(response.userHandle);
    }
    return JSON.stringify({ id, rawId: textOf(rawId), type, response: answer });
  };

  // After another factor, one of the keys that the page names is enough, and a touch of it.
  const allowed = () =>
    JSON.parse(form.dataset.allow).map(({ id, transports }) => ({ type: 'public-key', id: bytesOf(id), transports }));
  const signing = () => ({
    publicKey: {
      challenge: bytesOf(form.dataset.challenge),
      rpId: form.dataset.rpId,
      timeout: 300_000,
      ...(form.dataset.allow
        ? { allowCredentials: allowed(), userVerification: 'discouraged' }
        : { userVerification: 'required' }),
    },
  });
  const making = () => {
    const options = JSON.parse(form.dataset.options);
    options.challenge = bytesOf(options.challenge);
    options.user.id = bytesOf(options.user.id);
    for (const known of options.excludeCredentials) known.id = bytesOf(known.id);
    return { publicKey: options };
  };

  let waiting;
  const send = (credential) => {
    form.elements.credential.value = answerOf(credential);
    form.submit();
  };

  form.addEventListener(
    'submit',
    async (event) => {
      event.preventDefault();
      // The form goes when there is an answer; the page's own script has no part in it until then.
      event.stopImmediatePropagation();
      waiting?.abort();
      waiting = new AbortController();
      status.textContent = '';
      try {
        const { signal } = waiting;
        const credential = await (isNew
          ? navigator.credentials.create({ ...making(), signal })
          : navigator.credentials.get({ ...signing(), signal }));
        send(credential);
      } catch (error) {
        if (error.name !== 'AbortError') status.textContent = status.dataset.failed;
      }
    },
    { capture: true },
  );

  // Among what the browser fills the name in with. It waits in the background, and says nothing where nobody chooses one.
  const offer = async () => {
    if (!('autofill' in form.dataset) || !(await credentials.isConditionalMediationAvailable?.())) return;
    waiting = new AbortController();
    try {
      send(await navigator.credentials.get({ ...signing(), mediation: 'conditional', signal: waiting.signal }));
    } catch {
      // Called off, or not possible here: the button is there.
    }
  };
  offer();
})();
