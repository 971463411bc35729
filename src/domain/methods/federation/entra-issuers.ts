/**
 * Issuers of Microsoft Entra ID, which differ from OpenID Connect Discovery in two ways. Its addresses for all directories
 * (`common`, `organizations`, `consumers`) are no issuer: the discovery document has `{tenantid}` in it, and each token names
 * the directory of its person. And its `email` is whatever an administrator of any directory wrote there. Refuses a directory
 * that is no GUID, and every word on an email address but that of `xms_edov` (claim-mapping.ts).
 */

const guid = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const placeholder = '{tenantid}';
const ofAnyDirectory = /^(https?:\/\/[^/]+\/)(?:common|organizations|consumers)(\/v2\.0)$/;
/** National clouds have hosts of their own, and all have the path. */
const entraHost = /^(?:login\.microsoftonline\.(?:com|us)|login\.partner\.microsoftonline\.cn|sts\.windows\.net)$/;
const entraPath = new RegExp(`^/(?:common|organizations|consumers|${guid})/v2\\.0/?$`, 'i');

/** Whether an issuer, as it was registered, is a directory of Entra ID or all of them. */
export function isEntraIssuer(registered: string): boolean {
  const url = URL.parse(registered);
  return url !== null && (entraHost.test(url.hostname) || entraPath.test(url.pathname));
}

/** The issuer of a discovery document of all directories, with `{tenantid}` in it; undefined for any other provider. */
export function issuerTemplate(registered: string): string | undefined {
  return ofAnyDirectory.test(registered) ? registered.replace(ofAnyDirectory, `$1${placeholder}$2`) : undefined;
}

/** What a template stands for in a directory; undefined for what names no directory. */
export function issuerOfDirectory(template: string, directory: unknown): string | undefined {
  const isDirectory = typeof directory === 'string' && new RegExp(`^${guid}$`, 'i').test(directory);
  return isDirectory ? template.replace(placeholder, () => directory) : undefined;
}

/** Whether an identity of this issuer is one of the provider that is registered so. A trailing slash may differ. */
export function isIssuerOf(registered: string, issuer: string): boolean {
  const plain = (address: string) => address.replace(/\/$/, '');
  if (plain(registered) === plain(issuer)) return true;
  const template = issuerTemplate(registered);
  const [, directory] = new RegExp(`^https?://[^/]+/(${guid})/`, 'i').exec(issuer) ?? [];
  return template !== undefined && issuerOfDirectory(template, directory) === issuer;
}
