import assert from 'node:assert/strict';
import { matchesForeign } from '../../../../src/domain/methods/password/compare-foreign.ts';
import {
  checkedForeignHash,
  openForeignHash,
  sealForeignHash,
} from '../../../../src/domain/methods/password/foreign-hash.ts';
import { DomainError } from '../../../../src/platform/errors.ts';
import { createSecrets, randomToken } from '../../../../src/platform/secrets.ts';

/** Made elsewhere: published vectors, and what Python's hashlib and Perl's crypt make of the password. */
const vectors: { name: string; hash: unknown; password: string; weak?: boolean }[] = [
  {
    name: 'bcrypt (vector of crypt_blowfish)',
    hash: '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    password: 'U*U',
  },
  {
    name: 'bcrypt with the prefix of PHP',
    hash: '$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK',
    password: 'U*U*',
  },
  {
    name: 'bcrypt over SHA-256, of Django',
    hash: 'bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuuFRrKxBsFtwnfZtmHymgDN/Qb8toxLuK',
    password: 'correct horse',
  },
  {
    name: 'argon2id (vector of the reference implementation)',
    hash: '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    password: 'password',
  },
  {
    name: 'argon2i as Django writes it',
    hash: 'argon2$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
    password: 'password',
  },
  {
    name: 'PBKDF2-SHA1 (RFC 6070)',
    hash: {
      algorithm: 'pbkdf2',
      digest: 'sha1',
      iterations: 4096,
      salt: Buffer.from('salt').toString('base64'),
      hash: Buffer.from('4b007901b765489abead49d926f721d065a429c1', 'hex').toString('base64'),
    },
    password: 'password',
  },
  {
    name: 'PBKDF2-SHA256 of Django',
    hash: 'pbkdf2_sha256$1000$salty$DzvaoPDWHNlO+0p5E04mScIUiNVjJ8YpgYitYTNqHo8=',
    password: 'correct horse',
  },
  {
    name: 'PBKDF2-SHA256 of Keycloak, longer than the digest',
    hash: {
      algorithm: 'pbkdf2',
      digest: 'sha256',
      iterations: 1500,
      salt: 'VaXa3H3OJXXujl+cRg66HA==',
      hash: 'CAvVFGTCKugida1OUCsYa/Jzob+Hi4gb8Xu7IwRIvLw4RN+iMsyGiFjqOU1yii+44LtAs59rbUxcSf84J+O7EQ==',
    },
    password: 'pässword',
  },
  {
    name: 'PBKDF2-SHA512 in the PHC format',
    hash: '$pbkdf2-sha512$i=1500$VaXa3H3OJXXujl+cRg66HA$oQq0uXahvEcJOKMQ/TMnuxlr1TjGixfRB7aTrOJH+UgZwlYQin4h5QPkmQ4I94/2Sj/hqyYd0ViziI8ELADbAg',
    password: 'pässword',
  },
  {
    name: 'scrypt (RFC 7914)',
    hash: {
      algorithm: 'scrypt',
      cost: 14,
      block_size: 8,
      parallelization: 1,
      salt: Buffer.from('SodiumChloride').toString('base64'),
      hash: Buffer.from(
        '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
        'hex',
      ).toString('base64'),
    },
    password: 'pleaseletmein',
  },
  {
    name: 'scrypt of Django',
    hash: 'scrypt$salty$16384$8$1$MTVq4Od2ZVXnsU1yXhFkBWVHGiJWCYfPrLvBUV84NS5Fq7aJFAlEh/7nJxAlzt19meFDD4Kdkb1QnuX5wpRRwQ==',
    password: 'correct horse',
  },
  {
    name: 'the scrypt of Firebase (its published vector)',
    hash: {
      algorithm: 'firebase_scrypt',
      mem_cost: 14,
      rounds: 8,
      salt: '42xEC+ixf3L2lw==',
      salt_separator: 'Bw==',
      signer_key: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
      hash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
    },
    password: 'user1password',
  },
  {
    name: 'SHA-256 with the salt before',
    hash: {
      algorithm: 'sha',
      digest: 'sha256',
      salt: Buffer.from('NaCl').toString('base64'),
      hash: 'sgq3SqJUn34ToOiGy0RxzC5w/NLOgHXA7mSDq7phMvM=',
    },
    password: 'password',
    weak: true,
  },
  {
    name: 'SHA-512 with the salt behind',
    hash: {
      algorithm: 'sha',
      digest: 'sha512',
      salt: Buffer.from('NaCl').toString('base64'),
      salt_position: 'suffix',
      hash: 'tYbIf/bI/HhZZ2dslhzEvDWQNDXWPZk57IcB8/xZ698Upu3uBGo3dQ5GOJEj+qQsLM75NndOI8FhWhOszXhbCQ==',
    },
    password: 'password',
    weak: true,
  },
];

describe('password hashes of other systems', () => {
  for (const { name, hash, password, weak = false } of vectors)
    it(`are compared with: ${name}`, async () => {
      const found = checkedForeignHash(hash, { weakHashes: weak });
      assert.equal(await matchesForeign(found, password), true);
      assert.equal(await matchesForeign(found, `${password}x`), false);
      assert.equal(await matchesForeign(found, `${password}\0`), false);
    });

  const refusal = (hash: unknown, weakHashes = false): string => {
    try {
      checkedForeignHash(hash, { weakHashes });
      return 'taken';
    } catch (error) {
      assert.ok(error instanceof DomainError, String(error));
      return error.code;
    }
  };
  const long = Buffer.alloc(32, 1).toString('base64');
  const scrypt = { algorithm: 'scrypt', cost: 14, block_size: 8, parallelization: 1, salt: long, hash: long };

  it('are refused where comparing would take a core for too long', () => {
    const bcrypt = (cost: string) => `$2b$${cost}$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKmyOeW`;
    const argon2 = (terms: string) => `$argon2id$v=19$${terms}$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc`;
    const pbkdf2 = { algorithm: 'pbkdf2', digest: 'sha256', iterations: 1e9, salt: long, hash: long };
    const firebase = {
      algorithm: 'firebase_scrypt',
      mem_cost: 30,
      rounds: 8,
      salt: long,
      salt_separator: '',
      signer_key: long,
      hash: long,
    };
    const costly = [
      bcrypt('20'),
      bcrypt('15'),
      argon2('m=4194304,t=1,p=1'),
      argon2('m=65536,t=900,p=1'),
      argon2('m=65536,t=2,p=200'),
      pbkdf2,
      'pbkdf2_sha256$1000000000$salty$DzvaoPDWHNlO+0p5E04mScIUiNVjJ8YpgYitYTNqHo8=',
      { ...scrypt, cost: 30 },
      { ...scrypt, block_size: 1_000_000 },
      { ...scrypt, parallelization: 1_000_000 },
      firebase,
      { ...firebase, mem_cost: 14, rounds: 1e6 },
    ];
    for (const hash of costly) assert.equal(refusal(hash), 'PASSWORD_HASH_TOO_COSTLY', JSON.stringify(hash));
    assert.equal(refusal(bcrypt('14')), 'taken');
    assert.equal(refusal({ ...pbkdf2, iterations: 1_200_000 }), 'taken');
    assert.equal(refusal({ ...scrypt, cost: 17 }), 'taken');
  });

  it('are refused where nothing can be compared with them, or far too much is equal to them', () => {
    const unknown = [
      '',
      'correct horse',
      '$1$salt$qJH7.N4xYta3aEG/dfqo/0',
      '$2b$10$tooshort',
      'scrypt$salty$10000$8$1$MTVq4Od2ZVXnsU1yXhFkBWVHGiJWCYfPrLvBUV84NS4=',
      'pbkdf2_sha256$0$salty$DzvaoPDWHNlO+0p5E04mScIUiNVjJ8YpgYitYTNqHo8=',
      { ...scrypt, hash: '' },
      { ...scrypt, hash: 'AAAA' },
      { ...scrypt, cost: 14.5 },
      { ...scrypt, extra: true },
      { algorithm: 'md5', hash: long },
      null,
      `$argon2id$${'x'.repeat(5_000)}`,
    ];
    for (const hash of unknown) assert.equal(refusal(hash, true), 'PASSWORD_HASH_INVALID', JSON.stringify(hash));
    // A truncated digest is easier to hit than its algorithm says.
    assert.equal(refusal({ algorithm: 'sha', digest: 'sha512', salt: '', hash: long }, true), 'PASSWORD_HASH_INVALID');
    assert.equal(refusal({ algorithm: 'sha', digest: 'sha256', salt: '', hash: long }), 'PASSWORD_HASH_WEAK');
  });

  it('are sealed to their person', () => {
    const secrets = createSecrets([randomToken(48)]);
    const hash = checkedForeignHash(vectors[0]?.hash, { weakHashes: false });
    const sealed = sealForeignHash(secrets, 'ada', hash);
    assert.ok(!Buffer.from(sealed, 'base64url').includes('bcrypt'));
    assert.deepEqual(openForeignHash(secrets, 'ada', sealed), hash);
    assert.equal(openForeignHash(secrets, 'bo', sealed), undefined);
    assert.equal(openForeignHash(createSecrets([randomToken(48)]), 'ada', sealed), undefined);
  });
});
