/** Malformed requests around codes and links: addresses, codes, tokens, channels. */
import { form, type MalformedRequest, page, type Stage, twoMegabytes } from './stage.ts';

const encode = encodeURIComponent;
const fullWidth = (text: string) =>
  text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0));

/** What people and machines put where an email address or a phone number belongs; as it stands in a form. */
const addresses: [what: string, body: string, expected: MalformedRequest['expected']][] = [
  ['an empty address', 'channel=email&address=', 422],
  ['no address', 'channel=email', 422],
  ['no field at all', '', 422],
  ['an address twice', 'channel=email&address=a@example.test&address=b@example.test', 400],
  ['an address in brackets', 'channel=email&address[]=a@example.test', 422],
  ['an address of an object', 'channel=email&address[$ne]=x', 422],
  ['a field of every object', 'channel=email&__proto__=a@example.test&constructor=x', 422],
  ['two lines', `channel=email&address=${encode('a@example.test\r\nBcc: b@example.test')}`, 422],
  ['a line feed', `channel=email&address=${encode('a@example.test\nb@example.test')}`, 422],
  ['NUL', 'channel=email&address=a%00@example.test', 400],
  ['bytes that are no UTF-8', 'channel=email&address=%FF%FE@example.test', 400],
  ['half a character', 'channel=email&address=%ED%A0%80@example.test', 400],
  ['320 characters', `channel=email&address=${'a'.repeat(307)}@example.test`, 422],
  ['255 characters', `channel=email&address=${'a'.repeat(242)}@example.test`, 422],
  ['sixty thousand characters', `channel=email&address=${'a'.repeat(60_000)}@example.test`, 422],
  ['two megabytes', `channel=email&address=${twoMegabytes}`, 413],
  ['quotes', `channel=email&address=${encode('"a b"@example.test')}`, 422],
  ['an apostrophe of SQL', `channel=email&address=${encode("x' or '1'='1'--@example.test")}`, 422],
  ['angle brackets', `channel=email&address=${encode('Anna <a@example.test>')}`, 422],
  ['two addresses', `channel=email&address=${encode('a@example.test,b@example.test')}`, 422],
  ['two ats', `channel=email&address=${encode('a@b@example.test')}`, 422],
  ['a percent sign of old mail routes', `channel=email&address=${encode('a%b.test@example.test')}`, [303, 422]],
  ['a network address', `channel=email&address=${encode('a@[127.0.0.1]')}`, 422],
  ['a bidirectional override', `channel=email&address=${encode('a\u202etset.elpmaxe@b.test')}`, 422],
  ['a script', `channel=email&address=${encode('<script>alert(1)</script>@example.test')}`, 422],
  ['a channel twice', 'channel=email&channel=sms&address=a@example.test', 400],
  ['a channel in brackets', 'channel[]=email&address=x', 422],
  ['a channel of every object', 'channel=__proto__&address=a@example.test', 422],
  ['a channel that is none', 'channel=pigeon&address=a@example.test', 422],
  ['an email address by SMS', 'channel=sms&address=a@example.test', 422],
  ['a number by email', `channel=email&address=${encode('+41791234567')}`, 422],
  ['a premium number', `channel=sms&address=${encode('+41900123456')}`, 422],
  ['a number of another country', `channel=sms&address=${encode('+12125550100')}`, 422],
  ['a number of a country of the server alone', `channel=sms&address=${encode('+33612345678')}`, 422],
  ['a number of a hundred digits', `channel=sms&address=${encode(`+41${'7'.repeat(100)}`)}`, 422],
  ['a number with NUL', 'channel=sms&address=%2B4179%001234567', 400],
  ['a number with two lines', `channel=sms&address=${encode('+41791234567\r\n+41797654321')}`, 422],
  ['a number with an extension', `channel=sms&address=${encode('+41791234567;ext=1')}`, [303, 422]],
  ['a number as an address', `channel=whatsapp&address=${encode('whatsapp:+41791234567')}`, [303, 422]],
  ['letters for digits', `channel=sms&address=${encode('+41 79 GATEHOU')}`, 422],
  ['nothing but a plus', 'channel=sms&address=%2B', 422],
];

/** What is unusual and still an address: it is made canonical, and no matter where it is typed never a fault. */
const canonical = (step: string, n: number): [what: string, body: string][] => [
  ['upper case and spaces', `channel=email&address=${encode(`  ${step}.UPPER@EXAMPLE.test `)}`],
  ['a domain with letters of its own', `channel=email&address=${encode(`${step}@bücher.example`)}`],
  ['full-width letters', `channel=email&address=${encode(fullWidth(`${step}.full@example.test`))}`],
  ['full-width digits', `channel=sms&address=${encode(fullWidth(`+4179300000${n}`))}`],
  ['a national number', `channel=sms&address=${encode(`079 / 310-00.0${n}`)}`],
  ['a number with its trunk zero', `channel=sms&address=${encode(`+41 (0)79 320 00 0${n}`)}`],
];

const codes: [what: string, body: string, expected: MalformedRequest['expected']][] = [
  ['an empty code', 'code=', 422],
  ['no code', '', 422],
  ['a code twice', 'code=123456&code=654321', 400],
  ['a code in brackets', 'code[]=123456', 422],
  ['two codes in brackets', 'code[]=123456&code[]=654321', 400],
  ['a code of an object', 'code[$gt]=0', 422],
  ['NUL', 'code=123%00456', 400],
  ['two lines', 'code=123%0D%0A456', 401],
  ['bytes that are no UTF-8', 'code=%FF%FE', 400],
  ['five digits', 'code=12345', 401],
  ['seven digits', 'code=1234567', 401],
  ['letters', 'code=abcdef', 401],
  ['a number of another kind', 'code=1e5', 401],
  ['less than nothing', 'code=-12345', 401],
  ['an emoji', `code=${encode('1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣')}`, 401],
  ['Arabic digits', `code=${encode('١٢٣٤٥٦')}`, 401],
  ['sixty thousand digits', `code=${'1'.repeat(60_000)}`, 401],
  ['two megabytes', `code=${twoMegabytes}`, 413],
  ['SQL', `code=${encode("' or 1=1--")}`, 401],
];

/** What forms, links and addresses of codes and links may hold. */
export function codeRequests({ codes: at, live, sessionCookie }: Stage): MalformedRequest[] {
  const sameOrigin = { ...form, ...page, 'sec-fetch-site': 'same-origin' };
  const post = (
    what: string,
    path: string,
    cookie: string | undefined,
    body: string,
    expected: MalformedRequest['expected'],
  ): MalformedRequest => ({
    what,
    method: 'POST',
    path,
    headers: cookie === undefined ? sameOrigin : { ...sameOrigin, cookie },
    body,
    expected,
  });
  const get = (
    what: string,
    path: string,
    cookie: string | undefined,
    expected: MalformedRequest['expected'],
  ): MalformedRequest => ({
    what,
    path,
    headers: cookie === undefined ? page : { ...page, cookie },
    expected,
  });
  const asking = ['code', 'sign-up', 'recovery'].flatMap((step, n) => [
    ...addresses.map(([what, body, expected]) =>
      // Two of them may be answered as addresses, and the second time as ones that were asked for a moment ago.
      post(
        `${step}: ${what}`,
        `${at.asking.path}/${step}`,
        at.asking.cookie,
        body,
        Array.isArray(expected) ? [...expected, 429] : expected,
      ),
    ),
    ...canonical(step, n).map(([what, body]) =>
      post(`${step}: ${what}`, `${at.asking.path}/${step}`, at.asking.cookie, body, 303),
    ),
    ...['?channel[]=email', '?channel=email&channel=sms', '?channel=%00', '?channel=__proto__', '?channel=%ff'].map(
      (query) =>
        get(`${step}: a page with ${query}`, `${at.asking.path}/${step}${query}`, at.asking.cookie, [200, 400]),
    ),
  ]);
  const entering = [
    ...codes.map(([what, body, expected]) =>
      post(`code: ${what}, typed`, `${at.entering.path}/code/enter`, at.entering.cookie, body, expected),
    ),
    ...codes.map(([what, body, expected]) =>
      post(`sign-up: ${what}, typed`, `${at.signingUp.path}/sign-up/code`, at.signingUp.cookie, body, expected),
    ),
    ...[
      ['a channel that is none', 'channel=pigeon', 422],
      ['a channel twice', 'channel=email&channel=sms', 400],
      ['a channel in brackets', 'channel[]=sms', [303, 429]],
      ['a channel of NUL', 'channel=%00', 400],
      ['a channel for another kind of address', 'channel=sms', 422],
      ['another address', 'channel=email&address=somebody.else@example.test', [303, 429]],
    ].map(([what, body, expected]) =>
      post(
        `again: ${what}`,
        `${at.entering.path}/code/resend`,
        at.entering.cookie,
        body as string,
        expected as MalformedRequest['expected'],
      ),
    ),
  ];
  const steps = ['code/enter', 'code/resend', 'sign-up/code', 'sign-up/resend', 'sign-up/profile', 'recovery/sent'];
  const outOfOrder = [
    ...steps.flatMap((step) => [
      get(`a step before its time: GET ${step}`, `${live.path.replace('sign-in', step)}`, live.cookie, [303, 404, 405]),
      post(
        `a step before its time: POST ${step}`,
        `${live.path.replace('sign-in', step)}`,
        live.cookie,
        'code=123456&full_name=Mallory&password=x',
        [303, 404, 405],
      ),
      post(`in another browser: ${step}`, `${at.entering.path}/${step}`, undefined, 'code=123456', [404, 405, 409]),
    ]),
    post(
      'profile without a proof',
      `${at.signingUp.path}/sign-up/profile`,
      at.signingUp.cookie,
      'full_name=Mallory',
      303,
    ),
  ];
  const tokens = [
    'x',
    '%00',
    '%ff',
    '%E0%A4%A',
    '..%2f..%2fetc%2fpasswd',
    'A'.repeat(43),
    'x'.repeat(8_000),
    "'%20or%201=1",
  ];
  const links = ['recovery', 'invitations'].flatMap((kind) =>
    tokens.flatMap((token, n) => [
      get(`${kind}: a token of nobody (${n})`, `/${kind}/${token}`, undefined, [400, 404]),
      post(
        `${kind}: a token of nobody (${n}), sent`,
        `/${kind}/${token}`,
        undefined,
        'account=x&password=y',
        [400, 404],
      ),
    ]),
  );
  const using = [
    ...(
      [
        ['nothing', '', 422],
        ['an account twice', 'account=a&account=b&password=c', 400],
        ['an account in brackets', 'account[]=a&password[]=b', 422],
        ['an account of NUL', 'account=%00&password=b', 400],
        ['an account of SQL', `account=${encode("' or 1=1--")}&password=lanterns+over+water`, 404],
        ['an account of nobody', 'account=00000000-0000-0000-0000-000000000000&password=lanterns+over+water', 404],
        ['two megabytes', `password=${twoMegabytes}`, 413],
      ] as const
    ).map(([what, body, expected]) => post(`recovery link: ${what}`, at.recoveryPath, undefined, body, expected)),
    ...(
      [
        ['nothing', '', 422],
        ['a name twice', 'full_name=a&full_name=b', 400],
        ['a name in brackets', 'full_name[]=a', 422],
        ['a name of NUL', 'full_name=a%00b', 400],
        ['a name of two lines', 'full_name=a%0D%0ABcc:+b@example.test', 400],
        ['a name as long as a book', `full_name=${'a'.repeat(60_000)}`, 400],
        ['a password as long as a book', `full_name=a&password=${'x'.repeat(60_000)}`, 422],
        ['two megabytes', `full_name=${twoMegabytes}`, 413],
      ] as const
    ).map(([what, body, expected]) => post(`invitation: ${what}`, at.invitationPath, undefined, body, expected)),
    {
      ...post('invitation: from another site', at.invitationPath, undefined, 'full_name=Mallory', 403),
      headers: { ...form, ...page, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    },
    {
      ...post('recovery link: JSON', at.recoveryPath, undefined, '{"password":{"$ne":1}}', 415),
      headers: { ...sameOrigin, 'content-type': 'application/json' },
    },
  ];
  const verify = '/account/verify';
  const verifying = [
    get('verify: a kind that is none', `${verify}/pigeon`, at.unverifiedCookie, 404),
    get('verify: a kind of every object', `${verify}/__proto__`, at.unverifiedCookie, 404),
    get('verify: a kind of NUL', `${verify}/%00`, at.unverifiedCookie, [400, 404]),
    get('verify: nobody', `${verify}/email`, undefined, 303),
    get('verify: what is verified', `${verify}/email`, sessionCookie, 303),
    get('verify: an address that is not there', `${verify}/phone`, at.unverifiedCookie, 303),
    ...['?again=x', '?again[]=1', '?again=1&again=2', '?again=99999999999999999999', '?again=-1', '?again=%00'].map(
      (query) => get(`verify: ${query}`, `${verify}/email${query}`, at.unverifiedCookie, [200, 400]),
    ),
    post('verify: nobody sends', `${verify}/email/send`, undefined, '', 401),
    post('verify: nobody types', `${verify}/email/code`, undefined, 'code=123456', 401),
    post('verify: a channel that is none', `${verify}/email/send`, at.unverifiedCookie, 'channel=pigeon', 422),
    post('verify: a channel of another kind', `${verify}/email/send`, at.unverifiedCookie, 'channel=sms', 422),
    post('verify: a channel twice', `${verify}/email/send`, at.unverifiedCookie, 'channel=email&channel=sms', 400),
    post('verify: before anything was sent', `${verify}/email/code`, at.unverifiedCookie, 'code=123456', 410),
    post('verify: sent', `${verify}/email/send`, at.unverifiedCookie, 'channel=email', 303),
    ...codes.map(([what, body, expected]) =>
      post(`verify: ${what}, typed`, `${verify}/email/code`, at.unverifiedCookie, body, expected),
    ),
  ];
  return [...asking, ...entering, ...outOfOrder, ...links, ...using, ...verifying];
}
