import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Config, ConfigError, environmentSchema, loadConfig } from '../src/config.ts';

const key = 'Zk3vT9qLw7RbYp2XnHc5MdGa8SfJu4EeKi6oVtB1';

/** What production asks for at the least. */
const production = {
  NODE_ENV: 'production',
  ISSUER: 'https://id.example.org',
  ISSUER_PREVIOUS: 'https://old.example.org/',
  SECRET_KEY: key,
  DATABASE_URL: 'postgres://gatehouse:pw@db.example.org/gatehouse?sslmode=verify-full',
};

/** What messages to phones ask for at the least. */
const phones = {
  TWILIO_ACCOUNT_SID: `AC${'0a'.repeat(16)}`,
  TWILIO_AUTH_TOKEN: '5e1b8d0c7a9f4e3b',
  TWILIO_SMS_FROM: '+33612345678',
  PHONE_COUNTRIES: 'fr, CH',
  PHONE_DAILY_BUDGET: '30',
};

function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.faults;
  }
  return [];
}

function fileText(name: string): string {
  return readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
}

describe('the configuration', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'gatehouse-config-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  it('has a default for everything in development', () => {
    const config = loadConfig({ DATA_DIR: directory });
    const { secretKeys, ...rest } = config;
    assert.deepEqual(rest, {
      environment: 'development',
      isProduction: false,
      issuer: 'http://localhost:3000',
      previousIssuer: undefined,
      listen: { host: '127.0.0.1', port: 3000, keepAliveSeconds: 130, drainSeconds: 0 },
      dataDirectory: directory,
      database: {
        url: undefined,
        ownerUrl: undefined,
        directUrl: undefined,
        pooler: 'none',
        replicaUrl: undefined,
        replicaMaxLagMs: 1_000,
        poolMax: 10,
        ca: undefined,
        migrateOnStart: true,
      },
      workers: 1,
      metrics: { host: '127.0.0.1', port: 9464, push: undefined },
      logLevel: 'info',
      tracing: undefined,
      trustedProxies: [],
      clientCertificates: { certificate: undefined, verified: undefined, origin: undefined },
      addressLimits: { trustedNetworks: [], signInFailures: 100, codes: 300, openSignIns: 500 },
      outboundAllowedNetworks: ['127.0.0.0/8', '::1/128'],
      argon2: { memoryKiB: 19_456, iterations: 2, parallelism: 1 },
      lifetimes: {
        sessionSeconds: 14 * 86_400,
        accessTokenSeconds: 600,
        refreshTokenIdleSeconds: 14 * 86_400,
        refreshTokenAbsoluteSeconds: 90 * 86_400,
      },
      accessTokenMaxBytes: 2048,
      signingKeyRotationDays: 90,
      auditRetentionDays: 180,
      brand: { name: 'Gatehouse', logoUrl: undefined, accentColor: undefined, supportUrl: undefined },
      mail: { smtpUrl: undefined, toFiles: true, from: 'Gatehouse <no-reply@localhost>', dailyBudget: 20_000 },
      phone: { twilio: undefined, countries: [], dailyBudget: 1_000 },
    });
    assert.equal(secretKeys.length, 1);
  });

  it('makes the secret key of development once, for its owner alone', () => {
    const own = mkdtempSync(join(directory, 'own-'));
    const first = loadConfig({ DATA_DIR: own }).secretKeys;
    assert.match(first[0] ?? '', /^[\w-]{64}$/);
    assert.deepEqual(loadConfig({ DATA_DIR: own }).secretKeys, first);
    assert.equal(statSync(join(own, 'secret-key')).mode & 0o777, 0o600);
    assert.notDeepEqual(loadConfig({ DATA_DIR: mkdtempSync(join(directory, 'other-')) }).secretKeys, first);
  });

  it('writes nothing where a fault is found', () => {
    const own = join(directory, 'not-made');
    assert.notDeepEqual(faultsOf({ DATA_DIR: own, PORT: 'x' }), []);
    assert.equal(existsSync(own), false);
  });

  it('is frozen all the way down', () => {
    function assertFrozen(value: object, path: string): void {
      assert.ok(Object.isFrozen(value), path);
      for (const [name, inner] of Object.entries(value))
        if (typeof inner === 'object' && inner !== null) assertFrozen(inner, `${path}.${name}`);
    }
    assertFrozen(loadConfig(production), 'config');
  });

  it('takes what is given', () => {
    const ca = join(directory, 'ca.pem');
    writeFileSync(ca, 'certificate');
    const config: Config = loadConfig({
      ...production,
      PORT: '8080',
      HOST: '::',
      KEEP_ALIVE_SECONDS: '620',
      DRAIN_SECONDS: '20',
      DATA_DIR: 'data',
      DATABASE_DIRECT_URL: 'postgres://gatehouse:pw@db.example.org:5433/gatehouse?sslmode=verify-full',
      DATABASE_POOLER: 'transaction',
      DATABASE_REPLICA_URL: 'postgres://gatehouse:pw@r1.example.org,r2.example.org:5433/gatehouse?sslmode=verify-full',
      DATABASE_REPLICA_MAX_LAG_MS: '2500',
      DATABASE_POOL_MAX: '20',
      DATABASE_CA_FILE: ca,
      MIGRATE_ON_START: 'true',
      SECRET_KEY_PREVIOUS: ` ${key}1 , ${key}2 `,
      WORKERS: '4',
      METRICS_PORT: '0',
      METRICS_HOST: '::1',
      LOG_LEVEL: 'debug',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.org/otlp',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=some%20key',
      OTEL_SERVICE_NAME: 'id',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_METRIC_EXPORT_INTERVAL: '15000',
      OTEL_TRACES_SAMPLER_ARG: '0.25',
      TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8, 192.0.2.1',
      CLIENT_CERTIFICATE_HEADER: 'X-Client-Cert',
      CLIENT_CERTIFICATE_VERIFIED_HEADER: 'X-Client-Verify',
      MTLS_ORIGIN: 'https://mtls.id.example.org/',
      OUTBOUND_ALLOWED_NETWORKS: '10.1.0.0/16',
      TRUSTED_NETWORKS: '203.0.113.0/24, 2001:db8:7::/48',
      SIGN_IN_FAILURES_PER_ADDRESS: '200',
      CODES_PER_ADDRESS: '1000',
      OPEN_SIGN_INS_PER_ADDRESS: '2000',
      ARGON2_MEMORY_KIB: '65536',
      ARGON2_ITERATIONS: '3',
      ARGON2_PARALLELISM: '2',
      SESSION_HOURS: '8',
      ACCESS_TOKEN_MINUTES: '5',
      ACCESS_TOKEN_MAX_BYTES: '4096',
      REFRESH_TOKEN_IDLE_DAYS: '7',
      REFRESH_TOKEN_ABSOLUTE_DAYS: '30',
      SIGNING_KEY_ROTATION_DAYS: '30',
      AUDIT_RETENTION_DAYS: '365',
      SMTP_URL: 'smtps://user:pw@mail.example.org',
      MAIL_FROM: 'Northwind <hello@example.org>',
      EMAIL_DAILY_BUDGET: '50',
      BRAND_NAME: ' Northwind ID ',
      BRAND_LOGO_URL: 'https://northwind.example/logo.svg',
      BRAND_ACCENT_COLOR: '#2A5BD7',
      BRAND_SUPPORT_URL: 'mailto:help@northwind.example',
      ...phones,
      TWILIO_WHATSAPP_FROM: '+33612345679',
      TWILIO_WHATSAPP_CONTENT_SID: `HX${'0b'.repeat(16)}`,
      TWILIO_BASE_URL: 'https://api.dublin.ie1.twilio.com/',
    });
    assert.deepEqual(config, {
      environment: 'production',
      isProduction: true,
      issuer: 'https://id.example.org',
      previousIssuer: 'https://old.example.org',
      listen: { host: '::', port: 8080, keepAliveSeconds: 620, drainSeconds: 20 },
      dataDirectory: resolve('data'),
      database: {
        url: production.DATABASE_URL,
        ownerUrl: undefined,
        directUrl: 'postgres://gatehouse:pw@db.example.org:5433/gatehouse?sslmode=verify-full',
        pooler: 'transaction',
        replicaUrl: 'postgres://gatehouse:pw@r1.example.org,r2.example.org:5433/gatehouse?sslmode=verify-full',
        replicaMaxLagMs: 2_500,
        poolMax: 20,
        ca: 'certificate',
        migrateOnStart: true,
      },
      secretKeys: [key, `${key}1`, `${key}2`],
      workers: 4,
      metrics: {
        host: '::1',
        port: 0,
        push: {
          endpoint: 'https://collector.example.org/otlp',
          headers: { 'x-key': 'some key' },
          serviceName: 'id',
          intervalMs: 15_000,
        },
      },
      logLevel: 'debug',
      tracing: {
        endpoint: 'https://collector.example.org/otlp',
        headers: { 'x-key': 'some key' },
        serviceName: 'id',
        ratio: 0.25,
      },
      trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
      clientCertificates: {
        certificate: 'x-client-cert',
        verified: 'x-client-verify',
        origin: 'https://mtls.id.example.org',
      },
      outboundAllowedNetworks: ['10.1.0.0/16'],
      addressLimits: {
        trustedNetworks: ['203.0.113.0/24', '2001:db8:7::/48'],
        signInFailures: 200,
        codes: 1000,
        openSignIns: 2000,
      },
      argon2: { memoryKiB: 65_536, iterations: 3, parallelism: 2 },
      lifetimes: {
        sessionSeconds: 8 * 3600,
        accessTokenSeconds: 300,
        refreshTokenIdleSeconds: 7 * 86_400,
        refreshTokenAbsoluteSeconds: 30 * 86_400,
      },
      accessTokenMaxBytes: 4096,
      signingKeyRotationDays: 30,
      auditRetentionDays: 365,
      brand: {
        name: 'Northwind ID',
        logoUrl: 'https://northwind.example/logo.svg',
        accentColor: '#2A5BD7',
        supportUrl: 'mailto:help@northwind.example',
      },
      mail: {
        smtpUrl: 'smtps://user:pw@mail.example.org',
        toFiles: false,
        from: 'Northwind <hello@example.org>',
        dailyBudget: 50,
      },
      phone: {
        twilio: {
          accountSid: phones.TWILIO_ACCOUNT_SID,
          authToken: phones.TWILIO_AUTH_TOKEN,
          smsFrom: '+33612345678',
          whatsappFrom: '+33612345679',
          whatsappContentSid: `HX${'0b'.repeat(16)}`,
          baseUrl: 'https://api.dublin.ie1.twilio.com',
        },
        countries: ['FR', 'CH'],
        dailyBudget: 30,
      },
    });
  });

  it('writes mail to files in development without a server, and nowhere else', () => {
    const local = { DATA_DIR: directory, MIGRATE_ON_START: 'false' };
    assert.equal(loadConfig(local).mail.toFiles, true);
    assert.equal(loadConfig({ ...local, SMTP_URL: 'smtp://127.0.0.1:2525' }).mail.toFiles, false);
    assert.equal(loadConfig({ ...local, NODE_ENV: 'test', SECRET_KEY: key }).mail.toFiles, false);
    assert.equal(loadConfig(production).mail.toFiles, false);
  });

  it('sends mail from the host of the issuer where nobody else is named', () => {
    assert.equal(loadConfig(production).mail.from, 'Gatehouse <no-reply@id.example.org>');
    const named = loadConfig({ ...production, BRAND_NAME: 'Acme, Inc.' });
    assert.equal(named.mail.from, 'Acme, Inc. <no-reply@id.example.org>');
    assert.deepEqual(faultsOf({ DATA_DIR: directory, MAIL_FROM: 'no-reply@example.org' }), []);
  });

  it('has SMS from a number, a short code, a service or a name', () => {
    for (const sender of ['+33612345678', '38200', `MG${'0a'.repeat(16)}`, 'Northwind'])
      assert.deepEqual(faultsOf({ ...production, ...phones, TWILIO_SMS_FROM: sender }), [], sender);
  });

  it('takes an empty variable for an absent one', () => {
    assert.equal(loadConfig({ ...production, PORT: '', HOST: ' ' }).listen.port, 3000);
  });

  it('listens everywhere and leaves migrations alone in production', () => {
    const config = loadConfig(production);
    assert.equal(config.listen.host, '0.0.0.0');
    assert.equal(config.database.migrateOnStart, false);
    assert.equal(loadConfig({ ...production, DATABASE_URL: '' }).database.migrateOnStart, true);
  });

  it('gives the issuer without its slash, and follows PORT where none is named', () => {
    assert.equal(loadConfig({ ...production, ISSUER: 'https://ID.example.org/' }).issuer, 'https://id.example.org');
    assert.equal(loadConfig({ DATA_DIR: directory, PORT: '4711' }).issuer, 'http://localhost:4711');
  });

  const faults: [string, Record<string, string>, RegExp][] = [
    ['an unknown environment', { NODE_ENV: 'prod' }, /^NODE_ENV: must be development, test or production$/],
    ['a port that is no number', { PORT: '80a' }, /^PORT: must be a whole number$/],
    ['a port with a fraction', { PORT: '80.5' }, /^PORT: must be a whole number$/],
    ['a negative port', { PORT: '-1' }, /^PORT: must be a whole number$/],
    ['a port beyond the last', { PORT: '65536' }, /^PORT: must be at most 65535$/],
    ['a number beyond all numbers', { WORKERS: '9'.repeat(400) }, /^WORKERS: /],
    ['no workers', { WORKERS: '0' }, /^WORKERS: must be at least 1$/],
    ['a flag in other words', { MIGRATE_ON_START: 'yes' }, /^MIGRATE_ON_START: must be true or false$/],
    ['an unknown log level', { LOG_LEVEL: 'verbose' }, /^LOG_LEVEL: /],
    ['an issuer that is no URL', { ISSUER: 'id.example.org' }, /^ISSUER: must be an absolute URL/],
    ['an issuer of another scheme', { ISSUER: 'ftp://id.example.org' }, /^ISSUER: must be an https URL$/],
    ['an issuer with a path', { ISSUER: 'https://example.org/id' }, /^ISSUER: must have no path/],
    ['an issuer with a query', { ISSUER: 'https://example.org/?a' }, /^ISSUER: must have no query/],
    [
      'an issuer with a password',
      { ISSUER: 'https://a:b@example.org' },
      /^ISSUER: must have no query, fragment or cred/,
    ],
    ['a short key', { SECRET_KEY: key.slice(0, 31) }, /^SECRET_KEY: must have at least 32 characters/],
    ['a short previous key', { SECRET_KEY_PREVIOUS: `${key},short` }, /^SECRET_KEY_PREVIOUS: each key must have/],
    ['a database of another kind', { DATABASE_URL: 'mysql://localhost/x' }, /^DATABASE_URL: must begin with postgres/],
    ['a database without a URL', { DATABASE_URL: 'localhost' }, /^DATABASE_URL: must be a URL/],
    [
      'an owner of a database of another kind',
      { DATABASE_URL: 'postgres://a:b@localhost/g', DATABASE_OWNER_URL: 'localhost' },
      /^DATABASE_OWNER_URL: must be a URL/,
    ],
    [
      'an owner of the embedded database',
      { DATABASE_URL: '', DATABASE_OWNER_URL: 'postgres://a:b@localhost/g' },
      /^DATABASE_OWNER_URL: belongs to DATABASE_URL/,
    ],
    [
      'a way past the pooler of another kind',
      { DATABASE_URL: 'postgres://a:b@localhost/g', DATABASE_DIRECT_URL: 'mysql://localhost/g' },
      /^DATABASE_DIRECT_URL: must begin with postgres/,
    ],
    [
      'a way past the pooler of the embedded database',
      { DATABASE_DIRECT_URL: 'postgres://a:b@localhost/g' },
      /^DATABASE_DIRECT_URL: belongs to DATABASE_URL/,
    ],
    [
      'a replica of the embedded database',
      { DATABASE_REPLICA_URL: 'postgres://a:b@localhost/g' },
      /^DATABASE_REPLICA_URL: belongs to/,
    ],
    [
      'a standby to write to',
      { DATABASE_URL: 'postgres://a:b@h1,h2/g?target_session_attrs=standby' },
      /^DATABASE_URL: target_session_attrs must be read-write/,
    ],
    [
      'a list of hosts with a gap',
      { DATABASE_URL: 'postgres://a:b@h1,,h2/g' },
      /^DATABASE_URL: a host in the list is empty/,
    ],
    ['a pooler before the embedded database', { DATABASE_POOLER: 'transaction' }, /^DATABASE_POOLER: belongs to/],
    [
      'a pooler of another kind',
      { DATABASE_URL: 'postgres://a:b@localhost/g', DATABASE_POOLER: 'session' },
      /^DATABASE_POOLER: must be none, transaction or transaction-prepared$/,
    ],
    ['a CA file that is not there', { DATABASE_CA_FILE: '/nowhere/ca.pem' }, /^DATABASE_CA_FILE: cannot be read$/],
    ['a proxy that is no network', { TRUSTED_PROXIES: '10.0.0.0/8, proxy' }, /^TRUSTED_PROXIES: must be a comma/],
    ['every address as a proxy', { TRUSTED_PROXIES: '0.0.0.0/0' }, /^TRUSTED_PROXIES: a network that holds every/],
    ['every address in two halves', { TRUSTED_PROXIES: '0.0.0.0/1,128.0.0.0/1' }, /^TRUSTED_PROXIES: a network that/],
    ['every address as IPv6 has it', { TRUSTED_PROXIES: '::ffff:0:0/96' }, /^TRUSTED_PROXIES: a network that holds/],
    ['every IPv6 address as a proxy', { TRUSTED_PROXIES: '::/0' }, /^TRUSTED_PROXIES: a network that holds every/],
    [
      'a header of certificates that anybody sets',
      { CLIENT_CERTIFICATE_HEADER: 'X-Cert' },
      /^CLIENT_CERTIFICATE_HEADER: nobody may/,
    ],
    [
      'a header that requests have anyway',
      { CLIENT_CERTIFICATE_HEADER: 'Cookie' },
      /^CLIENT_CERTIFICATE_HEADER: must be the name/,
    ],
    [
      'a verdict on no certificate',
      { CLIENT_CERTIFICATE_VERIFIED_HEADER: 'X-V' },
      /^CLIENT_CERTIFICATE_VERIFIED_HEADER: says/,
    ],
    [
      'an origin of certificates that is none',
      { TRUSTED_PROXIES: '10.0.0.1', CLIENT_CERTIFICATE_HEADER: 'X-Cert', MTLS_ORIGIN: 'http://mtls.example.org' },
      /^MTLS_ORIGIN: must be an https origin/,
    ],
    ['an outbound network that is none', { OUTBOUND_ALLOWED_NETWORKS: '10.0.0.0/33' }, /^OUTBOUND_ALLOWED_NETWORKS: /],
    ['too little memory for hashes', { ARGON2_MEMORY_KIB: '19455' }, /^ARGON2_MEMORY_KIB: must be at least 19456$/],
    ['too few passes of hashes', { ARGON2_ITERATIONS: '1' }, /^ARGON2_ITERATIONS: must be at least 2$/],
    ['no audit retention', { AUDIT_RETENTION_DAYS: '29' }, /^AUDIT_RETENTION_DAYS: must be at least 30$/],
    [
      'a line of tokens that ends before one of them',
      { REFRESH_TOKEN_IDLE_DAYS: '30', REFRESH_TOKEN_ABSOLUTE_DAYS: '29' },
      /^REFRESH_TOKEN_ABSOLUTE_DAYS: must not be less/,
    ],
    ['a mail server of another scheme', { SMTP_URL: 'https://mail.example.org' }, /^SMTP_URL: must be a URL such as/],
    ['a mail server without a host', { SMTP_URL: 'smtp://' }, /^SMTP_URL: must be a URL such as smtps:/],
    ['a sender without an address', { MAIL_FROM: 'Gatehouse' }, /^MAIL_FROM: must be a mail address/],
    ['two senders', { MAIL_FROM: 'a@example.org, b@example.org' }, /^MAIL_FROM: must be a mail address/],
    ['a sender with a line break', { MAIL_FROM: 'A\r\nBcc: b@example.org <a@example.org>' }, /^MAIL_FROM: must be a/],
    ['no mail at all a day', { EMAIL_DAILY_BUDGET: '0' }, /^EMAIL_DAILY_BUDGET: must be at least 1$/],
    ['a country that is none', { PHONE_COUNTRIES: 'FR,UK' }, /^PHONE_COUNTRIES: must be a comma-separated list of ISO/],
    ['a country in three letters', { PHONE_COUNTRIES: 'FRA' }, /^PHONE_COUNTRIES: must be a comma-separated list/],
    ['phones without an account', { ...phones, TWILIO_ACCOUNT_SID: '' }, /^TWILIO_ACCOUNT_SID: is required to send/],
    ['an account of another form', { ...phones, TWILIO_ACCOUNT_SID: 'SK1' }, /^TWILIO_ACCOUNT_SID: must be AC and/],
    ['phones without a token', { ...phones, TWILIO_AUTH_TOKEN: '' }, /^TWILIO_AUTH_TOKEN: is required to send/],
    ['phones without a sender', { ...phones, TWILIO_SMS_FROM: '' }, /^TWILIO_SMS_FROM: name a sender here or in/],
    [
      'a sender of SMS that is none',
      { ...phones, TWILIO_SMS_FROM: 'a far too long name' },
      /^TWILIO_SMS_FROM: must be a/,
    ],
    [
      'a sender of WhatsApp that is no number',
      { ...phones, TWILIO_WHATSAPP_FROM: 'whatsapp:+33612345678' },
      /^TWILIO_WHATSAPP_FROM: must be a number/,
    ],
    [
      'a WhatsApp template without WhatsApp',
      { ...phones, TWILIO_WHATSAPP_CONTENT_SID: `HX${'0b'.repeat(16)}` },
      /^TWILIO_WHATSAPP_FROM: is required with TWILIO_WHATSAPP_CONTENT_SID$/,
    ],
    [
      'a WhatsApp template of another form',
      { ...phones, TWILIO_WHATSAPP_FROM: '+33612345678', TWILIO_WHATSAPP_CONTENT_SID: 'HX1' },
      /^TWILIO_WHATSAPP_CONTENT_SID: must be HX and/,
    ],
    [
      'an API of Twilio that is no URL',
      { TWILIO_BASE_URL: 'api.twilio.com' },
      /^TWILIO_BASE_URL: must be an https URL$/,
    ],
  ];
  for (const [what, environment, fault] of faults) {
    it(`refuses ${what}`, () => {
      const found = faultsOf({ DATA_DIR: directory, ...environment });
      assert.equal(found.length, 1, found.join('; '));
      assert.match(found[0] ?? '', fault);
    });
  }

  const productionFaults: [string, Record<string, string>, RegExp][] = [
    ['no issuer', { ISSUER: '' }, /^ISSUER: is required in production/],
    ['an http issuer', { ISSUER: 'http://id.example.org' }, /^ISSUER: must use https in production$/],
    ['no key', { SECRET_KEY: '' }, /^SECRET_KEY: is required in production/],
    ['a sample key', { SECRET_KEY: 'change-me-change-me-change-me-change-me' }, /^SECRET_KEY: looks like a sample/],
    ['a key of few characters', { SECRET_KEY: 'ab1'.repeat(20) }, /^SECRET_KEY: looks like a sample/],
    [
      'a remote database past the pooler without TLS',
      { DATABASE_DIRECT_URL: 'postgres://a:b@db.example.org/g' },
      /^DATABASE_DIRECT_URL: a remote/,
    ],
    ['a remote database without TLS', { DATABASE_URL: 'postgres://a:b@db.example.org/g' }, /^DATABASE_URL: a remote/],
    [
      'a remote database that nobody verifies',
      { DATABASE_URL: 'postgres://a:b@db.example.org/g?sslmode=require' },
      /^DATABASE_URL: a remote database needs verified TLS/,
    ],
    [
      'a remote database behind a local name',
      { DATABASE_URL: 'postgres://a:b@localhost/g?host=db.example.org' },
      /^DATABASE_URL: a remote database needs verified TLS/,
    ],
    [
      'a database that is verified first and not at last',
      { DATABASE_URL: `${production.DATABASE_URL}&sslmode=no-verify` },
      /^DATABASE_URL: must not have a parameter twice$/,
    ],
    [
      'a CA file that the URL makes useless',
      { DATABASE_URL: 'postgres://a:b@db.example.org/g?sslmode=disable', DATABASE_CA_FILE: 'package.json' },
      /^DATABASE_URL: a remote database needs verified TLS/,
    ],
    [
      'a remote database behind an empty name',
      { DATABASE_URL: 'postgres://a:b@db.example.org/g?host=' },
      /^DATABASE_URL: a remote database needs verified TLS/,
    ],
    [
      'a database without a host',
      { DATABASE_URL: 'postgres:///g' },
      /^DATABASE_URL: must name the host in production$/,
    ],
    ['mail without a sender', { SMTP_URL: 'smtps://mail.example.org' }, /^MAIL_FROM: is required with SMTP_URL in/],
    ['phones without countries', { ...phones, PHONE_COUNTRIES: '' }, /^PHONE_COUNTRIES: is required in production/],
    [
      'phones without a budget',
      { ...phones, PHONE_DAILY_BUDGET: '' },
      /^PHONE_DAILY_BUDGET: is required in production/,
    ],
    ['Twilio over http', { ...phones, TWILIO_BASE_URL: 'http://api.twilio.com' }, /^TWILIO_BASE_URL: must be an https/],
  ];
  for (const [what, environment, fault] of productionFaults) {
    it(`refuses ${what} in production`, () => {
      const found = faultsOf({ ...production, ...environment });
      assert.equal(found.length, 1, found.join('; '));
      assert.match(found[0] ?? '', fault);
    });
  }

  it('takes a local database without TLS in production', () => {
    for (const url of ['postgres://a:b@localhost/g', 'postgres://a:b@[::1]/g', 'postgres:///g?host=/run/postgresql'])
      assert.deepEqual(faultsOf({ ...production, DATABASE_URL: url }), [], url);
  });

  it('names every fault at once, also those that are found by looking at several variables', () => {
    const environment = {
      NODE_ENV: 'production',
      PORT: 'http',
      WORKERS: '1000',
      ISSUER: 'http://id.example.org/path',
      SECRET_KEY: 'short',
      TRUSTED_PROXIES: '0.0.0.0/0',
      ARGON2_MEMORY_KIB: '1024',
      AUDIT_RETENTION_DAYS: '0',
      DATABASE_URL: 'postgres://a:b@db.example.org/g',
    };
    const names = faultsOf(environment).map((fault) => fault.split(':')[0]);
    assert.deepEqual(names.sort(), [
      'ARGON2_MEMORY_KIB',
      'AUDIT_RETENTION_DAYS',
      'DATABASE_URL',
      'ISSUER',
      'ISSUER',
      'PORT',
      'SECRET_KEY',
      'TRUSTED_PROXIES',
      'WORKERS',
    ]);
  });

  it('takes no look that could run, lead astray or become a header', () => {
    const refused: [string, string][] = [
      ['BRAND_NAME', 'Acme <evil@example.org>'],
      ['BRAND_NAME', 'Acme\r\nBcc: eve@example.org'],
      ['BRAND_NAME', 'A'.repeat(101)],
      ['BRAND_LOGO_URL', 'http://example.org/logo.svg'],
      ['BRAND_LOGO_URL', 'data:image/svg+xml,<svg/>'],
      ['BRAND_LOGO_URL', 'https://example.org/"onerror=alert(1)'],
      ['BRAND_ACCENT_COLOR', 'red'],
      ['BRAND_ACCENT_COLOR', '#123456;}'],
      ['BRAND_SUPPORT_URL', 'javascript:alert(1)'],
      ['BRAND_SUPPORT_URL', 'mailto:help@example.org?subject=x'],
    ];
    for (const [name, value] of refused) {
      const faults = faultsOf({ DATA_DIR: directory, [name]: value });
      assert.deepEqual([faults.length, faults[0]?.split(':')[0]], [1, name], `${name}=${value}`);
    }
  });

  it('reads secrets from files, and says which cannot be', () => {
    const file = (name: string, text: string) => {
      const path = join(directory, name);
      writeFileSync(path, text);
      return path;
    };
    const { SECRET_KEY: _, DATABASE_URL: url, ...rest } = production;
    const config = loadConfig({
      ...rest,
      ...phones,
      TWILIO_AUTH_TOKEN: '',
      MAIL_FROM: 'a@example.org',
      SECRET_KEY_FILE: file('key', `${key}\n`),
      SECRET_KEY_PREVIOUS_FILE: file('previous', `${key}x,${key}y\r\n`),
      DATABASE_URL_FILE: file('database', url),
      SMTP_URL_FILE: file('smtp', 'smtps://a:b@mail.example.org\n'),
      TWILIO_AUTH_TOKEN_FILE: file('twilio', phones.TWILIO_AUTH_TOKEN),
    });
    assert.deepEqual(config.secretKeys, [key, `${key}x`, `${key}y`]);
    assert.equal(config.database.url, url);
    assert.equal(config.mail.smtpUrl, 'smtps://a:b@mail.example.org');
    assert.equal(config.phone.twilio?.authToken, phones.TWILIO_AUTH_TOKEN);

    const faults = faultsOf({
      ...production,
      SECRET_KEY_FILE: file('another', key),
      SMTP_URL_FILE: join(directory, 'nowhere'),
      TWILIO_AUTH_TOKEN_FILE: file('empty', ' \n'),
    });
    assert.deepEqual(faults.slice(0, 3), [
      'SECRET_KEY_FILE: is given together with SECRET_KEY; one of the two must go',
      'SMTP_URL_FILE: cannot be read',
      'TWILIO_AUTH_TOKEN_FILE: is empty',
    ]);
    const weak = faultsOf({ ...rest, DATABASE_URL: url, SECRET_KEY_FILE: file('weak', 'Zk3vT9qLw7RbYp2XnHc5') });
    assert.match(weak.join('\n'), /^SECRET_KEY: must have at least 32 characters/);
    assert.doesNotMatch(weak.join('\n'), /Zk3v/);
  });

  it('never repeats a value of a secret', () => {
    const secret = 'Zk3vT9qLw7RbYp2XnHc5';
    const environments: Record<string, string>[] = [
      { SECRET_KEY: secret },
      { SECRET_KEY_PREVIOUS: secret },
      { DATABASE_URL: `mysql://a:${secret}@db.example.org/g` },
      { DATABASE_OWNER_URL: `mysql://a:${secret}@db.example.org/g` },
      { DATABASE_DIRECT_URL: `mysql://a:${secret}@db.example.org/g` },
      { ISSUER: `https://a:${secret}@example.org` },
      { SMTP_URL: `http://a:${secret}@mail.example.org` },
      { TWILIO_AUTH_TOKEN: secret },
      { ...phones, TWILIO_ACCOUNT_SID: secret, TWILIO_SMS_FROM: `${secret}!` },
    ];
    for (const environment of environments) {
      const text = faultsOf({ ...production, ...environment }).join('\n');
      assert.notEqual(text, '');
      assert.ok(!text.includes(secret), text);
    }
  });
});

describe('the configuration of what a collector is told', () => {
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example.org:4318/' };

  it('is none by default, and has the names of OpenTelemetry', () => {
    const off = loadConfig({ NODE_ENV: 'test', OTEL_SERVICE_NAME: 'id', OTEL_METRICS_EXPORTER: 'otlp' });
    assert.deepEqual([off.tracing, off.metrics.push], [undefined, undefined]);
    const collector = { endpoint: 'http://collector.example.org:4318', headers: {}, serviceName: 'gatehouse' };
    const both = loadConfig({ NODE_ENV: 'test', ...on });
    assert.deepEqual(both.tracing, { ...collector, ratio: 1 });
    assert.deepEqual(both.metrics.push, { ...collector, intervalMs: 60_000 });
    const traces = loadConfig({ NODE_ENV: 'test', ...on, OTEL_METRICS_EXPORTER: 'none' });
    assert.deepEqual([traces.tracing?.ratio, traces.metrics.push], [1, undefined]);
    const metrics = loadConfig({ NODE_ENV: 'test', ...on, OTEL_TRACES_EXPORTER: 'none' });
    assert.deepEqual([metrics.tracing, metrics.metrics.push?.intervalMs], [undefined, 60_000]);
    const headers = 'X-Key=a%20b%3D, authorization=Bearer%20c';
    const given = { ...on, OTEL_EXPORTER_OTLP_HEADERS: headers, OTEL_TRACES_SAMPLER_ARG: '0.05' };
    const { tracing } = loadConfig({ NODE_ENV: 'test', ...given });
    assert.deepEqual(tracing?.headers, { 'x-key': 'a b=', authorization: 'Bearer c' });
    assert.equal(tracing?.ratio, 0.05);
  });

  it('is refused where it could not work, or would show a key on the way', () => {
    const refused: Record<string, string>[] = [
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://collector.example.org' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://key:secret@collector.example.org' },
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.org/?key=secret' },
      { OTEL_EXPORTER_OTLP_HEADERS: 'secret' },
      { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=%zz' },
      { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%0d%0ab' },
      { OTEL_TRACES_SAMPLER_ARG: '1.5' },
      { OTEL_TRACES_SAMPLER_ARG: 'all' },
      { OTEL_TRACES_EXPORTER: 'jaeger' },
      { OTEL_METRICS_EXPORTER: 'prometheus' },
      { OTEL_METRIC_EXPORT_INTERVAL: '10' },
      { ...on, OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret' },
    ];
    for (const environment of refused) {
      const faults = faultsOf({ ...production, ...environment }).filter((fault) => fault.startsWith('OTEL_'));
      assert.equal(faults.length, 1, JSON.stringify(environment));
      assert.ok(!faults[0]?.includes('secret'));
    }
    const local = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318', OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a' };
    for (const environment of [on, local, { ...local, ...{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c.example.org' } }])
      assert.deepEqual(faultsOf({ ...production, ...environment }), []);
  });
});

describe('the list of variables', () => {
  const known = Object.keys(environmentSchema.shape).sort();

  it('is that of README.md', () => {
    const [, section = ''] = fileText('README.md').split('\n## Configuration\n');
    const [table = ''] = section.split('\n## ');
    const listed = [...table.matchAll(/^\| `([A-Z0-9_]+)` \|/gm)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), known);
  });

  it('is that of .env.example', () => {
    const listed = [...fileText('.env.example').matchAll(/^#? ?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name);
    assert.deepEqual(listed.sort(), known);
  });

  it('has the defaults that README.md says', () => {
    const defaults = environmentSchema.parse({}) as Record<string, unknown>;
    const rows = [...fileText('README.md').matchAll(/^\| `([A-Z0-9_]+)` \| `([^`]*)` \|/gm)];
    assert.ok(rows.length > 10);
    for (const [, name = '', value] of rows) {
      // Those with another default in production are decided in loadConfig.
      if (defaults[name] === undefined || Array.isArray(defaults[name])) continue;
      assert.equal(String(defaults[name]), value, name);
    }
  });
});
