-- Until when a person known to be under age has somebody decide for them: the
-- first day of the month after they come of age, and no nearer to a birth date.
ALTER TABLE users ADD COLUMN represented_until {{.Integer}};
