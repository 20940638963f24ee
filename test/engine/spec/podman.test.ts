import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { buildSpec } from '../../../engine/spec/build-spec.ts';
import { compareSpecs } from '../../support/canonical-spec.ts';
import { ociSpecErrors } from '../../support/oci-schema.ts';
import { ACCEPTED_DIFFERENCES, acceptedBy, unexpectedDifferences } from './podman-differences.ts';
import { FIXTURES, inputForFixture, readFixture } from './podman-fixtures.ts';

/** Fixtures that stand for something that tsctr does not have, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'pod-infra': 'pods hold their namespaces by pinned mounts, without a process',
  'userns-auto-bridge': 'the same request as userns-auto',
};

for (const name of Object.keys(FIXTURES)) {
  test(`[spec.same] [spec.valid] the request of the podman fixture \`${name}\` makes the same spec`, () => {
    const podman = readFixture(name);
    const ours = buildSpec(inputForFixture(name, podman));
    assert.equal(ociSpecErrors(ours), []);
    assert.equal(unexpectedDifferences(name, compareSpecs(podman, ours)), []);
  });
}

test('[spec.same] every accepted difference still exists in a fixture', () => {
  const used = new Set(
    Object.keys(FIXTURES).flatMap((name) => {
      const podman = readFixture(name);
      const differences = compareSpecs(podman, buildSpec(inputForFixture(name, podman)));
      return differences.map((difference) => acceptedBy(name, difference));
    }),
  );
  const stale = ACCEPTED_DIFFERENCES.filter((accepted) => !used.has(accepted));
  assert.equal(
    stale.map(({ reason }) => reason),
    [],
  );
});

test('[spec.same] every fixture is compared, or left out for a reason', () => {
  const files = readdirSync(new URL('../../fixtures/podman-specs/', import.meta.url));
  const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
  const known = new Set([...Object.keys(FIXTURES), ...Object.keys(LEFT_OUT)]);
  assert.equal(
    names.filter((name) => !known.has(name)),
    [],
  );
});

test('[spec.same] a spec that differs in one fact is found out', () => {
  const podman = readFixture('default');
  const ours = buildSpec(inputForFixture('default', podman));
  ours.mounts = ours.mounts.filter(({ destination }) => destination !== '/sys/fs/cgroup');
  const facts = unexpectedDifferences('default', compareSpecs(podman, ours)).map(({ fact }) => fact);
  assert.ok(facts.every((fact) => fact.startsWith('mounts[/sys/fs/cgroup].')) && facts.length > 0);
});

test.run();
