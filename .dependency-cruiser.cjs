/** The import rule of ARCHITECTURE.md. */
const folders = ['schemas', 'native', 'engine', 'reconciler', 'machines', 'cli'];
const may = {
  schemas: [],
  native: [],
  engine: ['schemas', 'native'],
  reconciler: ['schemas'],
  machines: ['schemas', 'reconciler'],
  cli: ['schemas', 'native', 'engine', 'reconciler', 'machines'],
};
const typeOnly = { reconciler: ['engine'], machines: ['engine'] };

const borders = folders.flatMap((from) => {
  const forbidden = folders.filter((to) => to !== from && !may[from].includes(to));
  const types = typeOnly[from] ?? [];
  return [
    {
      name: `${from}-imports-only-what-it-may`,
      severity: 'error',
      from: { path: `^${from}/` },
      to: { path: `^(${forbidden.filter((f) => !types.includes(f)).join('|') || 'nothing'})/` },
    },
    ...(types.length === 0
      ? []
      : [
          {
            name: `${from}-imports-types-only`,
            severity: 'error',
            from: { path: `^${from}/` },
            to: { path: `^(${types.join('|')})/`, dependencyTypesNot: ['type-only'] },
          },
        ]),
  ];
});

const owners = [
  ['zod-and-yaml-only-in-schemas', '^(zod|yaml)$', '^schemas/'],
  ['xstate-only-in-machines', '^xstate$', '^machines/'],
  ['chokidar-only-in-reconciler', '^chokidar$', '^reconciler/'],
];

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    ...borders,
    ...folders.map((from) => ({
      name: `others-use-the-face-of-${from}`,
      severity: 'error',
      from: { path: '^(schemas|native|engine|reconciler|machines|cli)/', pathNot: `^${from}/` },
      to: { path: `^${from}/`, pathNot: `^${from}/index\\.ts$` },
    })),
    ...owners.map(([name, module, owner]) => ({
      name,
      severity: 'error',
      from: { path: '^(schemas|native|engine|reconciler|machines|cli)/', pathNot: owner },
      to: { path: `^node_modules/${module.slice(1, -1)}/` },
    })),
    {
      name: 'child-processes-only-in-native',
      severity: 'error',
      from: { path: '^(schemas|engine|reconciler|machines)/' },
      to: { path: '^(node:)?child_process$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
