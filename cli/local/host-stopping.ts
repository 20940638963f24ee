import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';

/** There where systemd is the init, sd_booted(3). */
const SYSTEMD = '/run/systemd/system';
const TIMEOUT_MS = 10_000;

/**
 * Whether systemd is taking the host down, systemctl(1) `is-system-running`: it ends containers then, and refuses to start others. False
 * without systemd.
 */
export function isHostStopping(): Promise<boolean> {
  if (!existsSync(SYSTEMD)) return Promise.resolve(false);
  return new Promise((resolve) => {
    // Its exit code is 0 for `running` only: what it prints counts.
    execFile('systemctl', ['is-system-running'], { timeout: TIMEOUT_MS }, (_, stdout) => {
      resolve(stdout.trim() === 'stopping');
    });
  });
}
