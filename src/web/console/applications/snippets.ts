/**
 * What one puts into an application to connect it, with everything filled in: settings and code for the libraries that are used
 * most, by what is being built. The texts are those of docs/connect, in views/snippets; a test holds the two together. Owns that
 * no value breaks out of the text it is put into: a program is made of it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What somebody builds, beside services. `mcp` is an API that AI clients call. */
export type BuiltKind = 'web' | 'spa' | 'native' | 'device' | 'mcp';

export interface FilledSnippet {
  /** The name of the library, which is the same in every language. */
  library: string;
  blocks: { file: string; code: string }[];
}

/** What stands in the place of what nobody can say once more; `client_secret` alone is ever missing. */
export type SnippetValues = Partial<
  Record<
    | 'provider_name'
    | 'issuer'
    | 'client_id'
    | 'client_secret'
    | 'redirect_uri'
    | 'scope'
    | 'groups'
    | 'resource'
    | 'capability',
    string
  >
> &
  Partial<Record<'metadata_url' | 'more_scopes' | 'insecure', string>>;

const directory = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? '../../../../views/snippets/' : '../../../../../views/snippets/',
    import.meta.url,
  ),
);

const texts = new Map(
  readdirSync(directory).map((file) => [file.replace(/\.txt$/, ''), readFileSync(join(directory, file), 'utf8')]),
);

interface Template {
  library: string;
  /** The name of the file where it goes, and the text in views/snippets. */
  blocks: readonly (readonly [file: string, text: string])[];
}

const templates: Record<BuiltKind, readonly Template[]> = {
  web: [
    {
      library: 'Auth.js',
      blocks: [
        ['.env', 'authjs.env'],
        ['auth.js', 'authjs.js'],
      ],
    },
    {
      library: 'Spring Security',
      blocks: [
        ['.env', 'gatehouse.env'],
        ['application.yaml', 'spring.yaml'],
        ['Security.java', 'spring.java'],
      ],
    },
    {
      library: 'ASP.NET Core',
      blocks: [
        ['.env', 'aspnet.env'],
        ['Program.cs', 'aspnet.csharp'],
      ],
    },
    {
      library: 'Laravel Socialite',
      blocks: [
        ['.env', 'laravel.env'],
        ['config/services.php', 'laravel-services.php'],
        ['AppServiceProvider.php', 'laravel-provider.php'],
        ['routes/web.php', 'laravel-routes.php'],
      ],
    },
    {
      library: 'go-oidc',
      blocks: [
        ['.env', 'gatehouse.env'],
        ['main.go', 'go.go'],
      ],
    },
  ],
  spa: [
    { library: 'openid-client', blocks: [['sign-in.js', 'spa.js']] },
    { library: 'oidc-client-ts', blocks: [['sign-in.js', 'oidc-client-ts.js']] },
  ],
  native: [
    { library: 'AppAuth (Android)', blocks: [['SignIn.kt', 'android.kotlin']] },
    { library: 'AppAuth (iOS)', blocks: [['SignIn.swift', 'ios.swift']] },
  ],
  device: [
    { library: 'openid-client', blocks: [['sign-in.js', 'device.js']] },
    { library: 'curl', blocks: [['sign-in.sh', 'device.sh']] },
  ],
  mcp: [{ library: 'jose', blocks: [['protect.js', 'mcp.js']] }],
};

/** Libraries that send the secret in the form, where others send it in the header. */
const posting: ReadonlySet<string> = new Set(['ASP.NET Core', 'Laravel Socialite']);

/** As text between quotes of any of these languages: what could end it is written as a URI writes it. */
function withinQuotes(value: string): string {
  return value.replace(/[^\x21-\x7e ]|["'`\\$<>]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** What people call something: in any letters, without what could end a text. */
function asName(value: string): string {
  return value.replace(/["'`\\$<>{}\p{Cc}\u2028\u2029]/gu, '');
}

/** Pieces of code of our own, whose quotes are part of the text. */
const asTheyAre: ReadonlySet<string> = new Set(['more_scopes', 'insecure']);

function filled(text: string, values: SnippetValues): string {
  return text.replace(/\{\{([a-z_]+)\}\}/g, (_, name: keyof SnippetValues) => {
    const value = values[name] ?? '';
    if (asTheyAre.has(name)) return value;
    return name === 'provider_name' ? asName(value) : withinQuotes(value);
  });
}

/**
 * For a kind, with every value in its place.
 * @param values.client_secret absent where it is not shown any more: its line then ends empty
 * @param authMethod of a web application: what of its libraries fits how the secret is registered to be sent
 */
export function filledSnippets(kind: BuiltKind, values: SnippetValues, authMethod?: string): FilledSnippet[] {
  const fits = ({ library }: Template) =>
    kind !== 'web' || authMethod === undefined || posting.has(library) === (authMethod === 'client_secret_post');
  // On the own machine alone a server speaks plain http, which libraries have to be told.
  const insecure = values.issuer?.startsWith('http:') ? ', { execute: [openid.allowInsecureRequests] }' : '';
  const complete = { scope: scopes[kind], groups: 'roles', more_scopes: '', insecure, ...values };
  return templates[kind].filter(fits).map(({ library, blocks }) => ({
    library,
    blocks: blocks.map(([file, name]) => ({ file, code: filled(texts.get(name) ?? '', complete) })),
  }));
}

const scopes: Record<BuiltKind, string> = {
  web: 'openid profile email roles',
  spa: 'openid profile email',
  native: 'openid profile email',
  device: 'openid profile email',
  mcp: '',
};

/** Where an API of an address tells where its tokens come from (RFC 9728 section 3.1). */
export function protectedResourceMetadataUrl(identifier: string): string {
  const { origin, pathname, search } = new URL(identifier);
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}${search}`;
}
