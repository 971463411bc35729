/**
 * Checks the proof of an audit event without the server that made it: `node verify-audit-proof.ts proof.json [KID]`. The proof says
 * by which key its seal is signed; give the KID that the operator has published, or you only know that the proof fits itself.
 */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

const sha256 = (...parts: (string | Buffer)[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** What stands for a part in the leaf: a hash with a salt, or what was kept of it when the part was erased. */
type Part = { salt: string; text: string } | { commitment: string };
const commitment = (part: Part) => ('text' in part ? sha256(part.salt, part.text).toString('hex') : part.commitment);

const proof = JSON.parse(readFileSync(process.argv[2] ?? '/dev/stdin', 'utf8'));
const { event, seal, key } = proof;

// RFC 9162 section 2.1: the leaf, and from there to the root.
let hash = sha256('\x00', `${event.plain}\n${commitment(event.origin)}\n${commitment(event.content)}`);
let [index, last] = [proof.leaf_index, proof.tree_size - 1];
for (const step of proof.path) {
  const other = Buffer.from(step, 'hex');
  if (last === 0) throw new Error('The path is too long.');
  if (index % 2 === 1 || index === last) {
    hash = sha256('\x01', other, hash);
    while (index % 2 === 0 && index !== 0) [index, last] = [index >> 1, last >> 1];
  } else hash = sha256('\x01', hash, other);
  [index, last] = [index >> 1, last >> 1];
}

const statement = JSON.parse(seal.statement);
const publicKey = createPublicKey({ key, format: 'jwk' });
const thumbprint = sha256(JSON.stringify({ crv: key.crv, kty: key.kty, x: key.x })).toString('base64url');
const faults = [
  last !== 0 && 'The path is too short.',
  statement.root !== hash.toString('hex') && 'The event is not what was sealed.',
  statement.events + statement.seals !== proof.tree_size && 'The tree has another size than the seal says.',
  !verify(null, Buffer.from(seal.statement), publicKey, Buffer.from(seal.signature, 'base64url')) &&
    'The seal is not signed by this key.',
  thumbprint !== statement.kid && 'The seal names another key.',
  process.argv[3] !== undefined && process.argv[3] !== thumbprint && 'It is not the key that you trust.',
].filter((fault) => fault !== false);

const names = [
  'id',
  'tenant',
  'actor_type',
  'actor',
  'action',
  'entity_type',
  'entity',
  'request',
  'occurred_at',
  'cause',
];
const told = Object.fromEntries(JSON.parse(event.plain).map((value: unknown, n: number) => [names[n], value]));
told.occurred_at = new Date(told.occurred_at / 1000).toISOString();
for (const name of ['origin', 'content']) told[name] = 'text' in event[name] ? JSON.parse(event[name].text) : 'erased';
console.log(
  faults.length > 0 ? faults.join('\n') : JSON.stringify({ ...told, seal: statement, key: thumbprint }, null, 2),
);
process.exitCode = faults.length > 0 ? 1 : 0;
