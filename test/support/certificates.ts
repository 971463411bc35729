/** Certificates for tests of mutual TLS, made by openssl in a folder of their own. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  cert: string;
  key: string;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export class Certificates {
  readonly directory = mkdtempSync(join(tmpdir(), 'gatehouse-certificates-'));
  #count = 0;

  #openssl(...words: string[]): void {
    execFileSync('openssl', words, { stdio: 'pipe', cwd: this.directory });
  }

  #read(name: string): Certificate {
    const file = (ending: string) => readFileSync(join(this.directory, `${name}.${ending}`), 'utf8');
    return { cert: file('pem'), key: file('key') };
  }

  /** It signs itself. @param names as `subjectAltName` has them: `DNS:a.example` */
  selfSigned(subject = '/CN=itself', names?: string): Certificate {
    const name = `c${++this.#count}`;
    const extension = names === undefined ? [] : ['-addext', `subjectAltName=${names}`];
    this.#openssl(
      'req',
      '-x509',
      ...curve,
      '-days',
      '2',
      '-subj',
      subject,
      ...extension,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
    );
    return this.#read(name);
  }

  /** An authority; the path of its certificate is `file`. */
  authority(): { file: string; issue(subject: string, names: string): Certificate } {
    const ca = `ca${++this.#count}`;
    this.#openssl(
      'req',
      '-x509',
      ...curve,
      '-days',
      '2',
      '-subj',
      `/CN=${ca}`,
      '-keyout',
      `${ca}.key`,
      '-out',
      `${ca}.pem`,
    );
    return {
      file: join(this.directory, `${ca}.pem`),
      issue: (subject, names) => {
        const name = `c${++this.#count}`;
        writeFileSync(join(this.directory, `${name}.ext`), `subjectAltName=${names}\nextendedKeyUsage=clientAuth\n`);
        this.#openssl('req', ...curve, '-subj', subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
        const by = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial'];
        this.#openssl(
          'x509',
          '-req',
          '-in',
          `${name}.csr`,
          ...by,
          '-days',
          '2',
          '-extfile',
          `${name}.ext`,
          '-out',
          `${name}.pem`,
        );
        return this.#read(name);
      },
    };
  }

  /** Signs itself, for a time that is over, or has not come. */
  outOfTime(from: string, to: string): Certificate {
    const name = `c${++this.#count}`;
    const config = `[ca]\ndefault_ca=d\n[d]\ndatabase=${name}.db\nserial=${name}.srl\nnew_certs_dir=${name}\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`;
    writeFileSync(join(this.directory, `${name}.cnf`), config);
    writeFileSync(join(this.directory, `${name}.db`), '');
    writeFileSync(join(this.directory, `${name}.srl`), '01\n');
    mkdirSync(join(this.directory, name));
    this.#openssl('req', ...curve, '-subj', '/CN=other-time', '-keyout', `${name}.key`, '-out', `${name}.csr`);
    const dates = ['-startdate', from, '-enddate', to];
    this.#openssl(
      'ca',
      '-batch',
      '-selfsign',
      '-config',
      `${name}.cnf`,
      '-keyfile',
      `${name}.key`,
      '-in',
      `${name}.csr`,
      ...dates,
      '-notext',
      '-out',
      `${name}.pem`,
    );
    return this.#read(name);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
