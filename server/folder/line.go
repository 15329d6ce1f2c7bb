package folder

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// Line is the line of a file, from 1, in which the value of a path stands; of
// what is not there, the line of what it would stand in, or 0 when that is the
// whole file.
func Line(raw []byte, path ...string) int {
	var doc yaml.Node
	if yaml.Unmarshal(raw, &doc) != nil || len(doc.Content) == 0 {
		return 0
	}
	node, line := doc.Content[0], 0
	for _, name := range path {
		next, at := child(node, name)
		if next == nil {
			break
		}
		node, line = next, at
	}
	return line
}

// child is what stands under a key or in a place of a list, and the line where
// that begins; nil for nothing.
func child(node *yaml.Node, name string) (*yaml.Node, int) {
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == name {
				return node.Content[i+1], node.Content[i].Line
			}
		}
	case yaml.SequenceNode:
		if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(node.Content) {
			return node.Content[n], node.Content[n].Line
		}
	default: // a leaf has nothing under it
	}
	return nil, 0
}
