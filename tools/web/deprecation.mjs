// A rule of the linter: whoever deprecates says what to use and until when the
// old thing is there, as in "Use fullName. Removed after 2027-04-01."
const form = /^Use \S.*\. Removed after (\d{4}-\d{2}-\d{2})\.$/s;

export const deprecation = {
  meta: { type: 'problem', schema: [], messages: { form: 'The reason of @deprecated reads "Use X. Removed after YYYY-MM-DD."; the day exists.' } },
  create: (context) => ({
    'Directive[name.value=deprecated]'(node) {
      const reason = node.arguments.find((a) => a.name.value === 'reason')?.value.value;
      const day = form.exec(reason ?? '')?.[1];
      if (!day || Number.isNaN(Date.parse(day))) context.report({ node, messageId: 'form' });
    },
  }),
};
