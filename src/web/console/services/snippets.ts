/**
 * How a service gets a token, as it stands in a program: for curl and for the libraries that programs mostly use. The secret is
 * never in one: it comes from the environment. docs/connect/service.md has the same, and tests run them.
 */
import type { ServiceProof } from './service-page.ts';

export interface SnippetOf {
  issuer: string;
  clientId: string;
  /** The identifier of the API. */
  resource: string;
  /** Capabilities, separated by spaces. */
  scope: string;
}

export interface Snippet {
  name: 'curl' | 'javascript' | 'python' | 'go';
  code: string;
}

/** RFC 6749 section 2.3.1: both parts of the header are encoded as in a form. Ours of secrets need no encoding. */
const encoded = (clientId: string) => encodeURIComponent(clientId).replaceAll('~', '%7E');

/** For a shell: within single quotes. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

const isPlain = (issuer: string) => issuer.startsWith('http:');

function curl({ issuer, clientId, resource, scope }: SnippetOf, proof: ServiceProof): string {
  const id = `-d ${quoted(`client_id=${clientId}`)}`;
  const shown = {
    client_secret_basic: `-u ${quoted(`${encoded(clientId)}:`)}"$CLIENT_SECRET"`,
    certificate: `--cert client.pem --key client.key ${id}`,
    workload: `${id} --data-urlencode "client_assertion=$PLATFORM_TOKEN" \\
  -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer`,
  };
  return `curl -sS ${quoted(`${issuer}/token`)} \\
  ${proof === 'workload' || proof === 'client_secret_basic' ? shown[proof] : shown.certificate} \\
  -d grant_type=client_credentials \\
  --data-urlencode ${quoted(`resource=${resource}`)} \\
  --data-urlencode ${quoted(`scope=${scope}`)}
`;
}

function javascript({ issuer, clientId, resource, scope }: SnippetOf, keys: boolean): string {
  const json = JSON.stringify;
  const options = isPlain(issuer) ? ', { execute: [client.allowInsecureRequests] }' : '';
  const proof = keys
    ? `const jwk = JSON.parse(env.CLIENT_KEY); // the private key, as a JWK
const algorithm =
  jwk.kty === 'EC'
    ? { name: 'ECDSA', namedCurve: jwk.crv }
    : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
const key = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign']);
const proof = client.PrivateKeyJwt({ key, kid: jwk.kid });`
    : 'const proof = client.ClientSecretBasic(env.CLIENT_SECRET);';
  return `import { env } from 'node:process';
import * as client from 'openid-client'; // version 6

${proof}
const issuer = new URL(${json(issuer)});
const config = await client.discovery(issuer, ${json(clientId)}, {}, proof${options});

export const { access_token, expires_in } = await client.clientCredentialsGrant(config, {
  resource: ${json(resource)},
  scope: ${json(scope)},
});
`;
}

function python({ issuer, clientId, resource, scope }: SnippetOf): string {
  const json = JSON.stringify;
  return `import os
import requests

answer = requests.post(
    ${json(`${issuer}/token`)},
    auth=(${json(encoded(clientId))}, os.environ["CLIENT_SECRET"]),
    data={
        "grant_type": "client_credentials",
        "resource": ${json(resource)},
        "scope": ${json(scope)},
    },
    timeout=10,
)
answer.raise_for_status()
access_token = answer.json()["access_token"]
`;
}

function go({ issuer, clientId, resource, scope }: SnippetOf): string {
  const json = JSON.stringify;
  const scopes = scope.split(' ').map((one) => json(one));
  return `config := clientcredentials.Config{ // golang.org/x/oauth2/clientcredentials
	ClientID:       ${json(clientId)},
	ClientSecret:   os.Getenv("CLIENT_SECRET"),
	TokenURL:       ${json(`${issuer}/token`)},
	AuthStyle:      oauth2.AuthStyleInHeader,
	Scopes:         []string{${scopes.join(', ')}},
	EndpointParams: url.Values{"resource": {${json(resource)}}},
}
client := config.Client(ctx) // sends a token, and gets another one in time
`;
}

/** @param proof by a key of its own: only a library does that for it; by a certificate or its platform: curl shows all of it */
export function snippetsOf(of: SnippetOf, proof: ServiceProof): Snippet[] {
  const inJavascript: Snippet = { name: 'javascript', code: javascript(of, proof === 'private_key_jwt') };
  if (proof === 'private_key_jwt') return [inJavascript];
  const inShell: Snippet = { name: 'curl', code: curl(of, proof) };
  if (proof !== 'client_secret_basic') return [inShell];
  return [inShell, inJavascript, { name: 'python', code: python(of) }, { name: 'go', code: go(of) }];
}
