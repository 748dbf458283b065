"""YAML in, cases out: what is to be measured, checked to the last key before anything runs.

    yaml_lines (text → plain data, with lines) → overrides (--set) → grammar (short forms) → load (Scenario)
    → expand (matrix × variants → Case)      order (who runs when: pure, seeded)

Beside them: `words` turns validation errors into sentences, `catalog` finds files, `schema` serves editors, `template`
writes a first scenario. Kinds are reached only through the `KindLookup` that the app passes in; nothing here imports
a sibling stage.
"""
