import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { z } from 'zod';
import { jsonSchema, loadManifests } from '../../../schemas/index.ts';
import type { JsonSchema } from '../../../schemas/index.ts';
import { container, pod } from '../invalid-manifests.ts';

/** The schema of a field below `properties`. */
function at(schema: JsonSchema, ...names: string[]): JsonSchema {
  return names.reduce<JsonSchema>(
    (s, name) => (s['properties'] as Record<string, JsonSchema>)[name] ?? {},
    schema,
  );
}

test('the schema describes what is written: fields with a default may be left out', () => {
  const schema = jsonSchema('Container');
  assert.is(schema['$schema'], 'https://json-schema.org/draft/2020-12/schema');
  assert.equal(schema['required'], ['apiVersion', 'kind', 'metadata', 'spec']);
  const spec = at(schema, 'spec');
  assert.is(spec['required'], undefined);
  assert.is(spec['additionalProperties'], false);
  assert.is(at(spec, 'restartPolicy')['default'], 'Always');
});

test('every field in it has its description for the editor', () => {
  for (const [name, field] of Object.entries(
    at(jsonSchema('Pod'), 'spec')['properties'] as Record<string, JsonSchema>,
  )) {
    assert.type(field['description'], 'string', name);
  }
});

test('a quantity is a number, or a string of the right form', () => {
  const memory = at(jsonSchema('Container'), 'spec', 'resources', 'limits', 'memory');
  const options = memory['anyOf'] as JsonSchema[];
  assert.equal(
    options.map(({ type, pattern }) => [type, typeof pattern]),
    [
      ['string', 'string'],
      ['number', 'undefined'],
    ],
  );
});

test('the schema of all kinds takes and refuses what the loader does', () => {
  const all = z.fromJSONSchema(jsonSchema(null));
  const good = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'a', image: 'b' }] },
  };
  assert.ok(all.safeParse(good).success);
  assert.not.ok(all.safeParse({ ...good, kind: 'Container' }).success);
  assert.not.ok(all.safeParse({ ...good, spec: { containers: [{ name: 'a', comand: [] }] } }).success);
  for (const text of [container('image: a'), pod('containers: [{ name: a, image: b }]')]) {
    assert.ok(all.safeParse(loadManifests(text, 'a').manifests[0]?.manifest).success);
  }
});

test.run();
