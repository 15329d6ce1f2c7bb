// How schema.graphqls is written.
import graphql from '@graphql-eslint/eslint-plugin';
import { deprecation } from './deprecation.mjs';

export default [
  {
    files: ['**/*.graphqls'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: 'schema.graphqls' } } },
    plugins: { '@graphql-eslint': graphql, kelisim: { rules: { deprecation } } },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      '@graphql-eslint/description-style': 'off', // one line in quotes, more in a block
      '@graphql-eslint/strict-id-in-types': 'off', // what has an id of its own is a Node; values have none
      '@graphql-eslint/relay-page-info': 'error',
      '@graphql-eslint/relay-connection-types': 'error',
      'kelisim/deprecation': 'error',
    },
  },
];
