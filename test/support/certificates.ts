/** Certificates made by `openssl` for a test: authorities, and what they sign. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why there can be none here; undefined where there can. */
export const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is missing';

/** Paths of a certificate and its key, both PEM, and what is in them. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
  readonly pem: { readonly cert: Buffer; readonly key: Buffer };
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export class Authorities {
  readonly folder = mkdtempSync(join(tmpdir(), 'certificates-'));

  authority(name: string): Issued {
    const files = this.files(name);
    this.openssl('req', '-x509', ...NEW_KEY, '-subj', `/CN=${name}`, '-keyout', files.key, '-out', files.certificate);
    return this.read(files);
  }

  /** `names`: as an extension has them, `DNS:temporal.test`. `days`: below zero it is expired. */
  issue(by: Issued, name: string, names: string, days = 2): Issued {
    const files = this.files(name);
    const request = join(this.folder, `${name}.csr`);
    this.openssl(
      'req',
      ...NEW_KEY,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=${names}`,
      '-keyout',
      files.key,
      '-out',
      request,
    );
    const signed = [
      '-in',
      request,
      '-CA',
      by.certificate,
      '-CAkey',
      by.key,
      '-CAcreateserial',
      '-copy_extensions',
      'copyall',
    ];
    this.openssl('x509', '-req', ...signed, '-days', String(days), '-out', files.certificate);
    return this.read(files);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  private files(name: string) {
    return { certificate: join(this.folder, `${name}.pem`), key: join(this.folder, `${name}.key`) };
  }

  private read({ certificate, key }: { readonly certificate: string; readonly key: string }): Issued {
    return { certificate, key, pem: { cert: readFileSync(certificate), key: readFileSync(key) } };
  }

  private openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'pipe' });
  }
}
