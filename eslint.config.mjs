import tseslint from 'typescript-eslint';

// Rules of layout (who imports whom) are dependency-cruiser's; these are about the code inside a file.
const inexactMath = [
  'exp',
  'log',
  'pow',
  'sin',
  'cos',
  'tan',
  'atan2',
  'hypot',
  'cbrt',
  'expm1',
  'log1p',
  'log2',
  'log10',
  'sinh',
  'cosh',
  'tanh',
];

export default tseslint.config(
  { ignores: ['node_modules/', '**/kernel/**', '**/kernel-library/**', '**/*.js', '**/*.cjs', '**/*.mjs'] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite'] },
          ],
        },
      ],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      // Our ports are closures, not classes: taking a method off one is safe.
      '@typescript-eslint/unbound-method': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true } }],
    },
  },
  {
    // Everything arrives as an argument: the process is read by main files and the runtime.
    files: ['packages/*/src/**/*.ts', 'services/*/src/**/*.ts', 'operator/src/**/*.ts'],
    ignores: [
      'packages/runtime/src/**',
      'packages/testing/src/**',
      '**/src/main.ts',
      '**/*-main.ts',
      '**/main/**',
      'packages/*/src/contract/**',
    ],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'Take it as an argument; main.ts and packages/runtime touch the process.' },
      ],
    },
  },
  {
    // JavaScript's transcendental functions differ in the last bit between engines; answers must not (DESIGN decision 4).
    files: ['packages/domain/src/**/*.ts', 'packages/simulation/src/engines/**/*.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...inexactMath.map((property) => ({
          object: 'Math',
          property,
          message: 'Not bit-identical across engines: use packages/domain/src/numerics.',
        })),
      ],
    },
  },
  {
    files: ['hack/**', 'bench/**', 'examples/**', '**/test/**', 'test/**'],
    rules: { 'no-console': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
);
