package graph

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/kelisim/kelisim/vault"
)

// The media types of a GraphQL answer. Under mediaJSON a request error (a bad
// document, a limit) is answered 200, because clients that ask for it read the
// body only then; under mediaGraphQL it is 400.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
)

// Codes of the edge beside those of package vault.
const (
	CodeParseFailed          vault.Code = errcode.ParseFailed
	CodeValidationFailed     vault.Code = errcode.ValidationFailed
	CodePersistedUnsupported vault.Code = "PERSISTED_QUERY_NOT_SUPPORTED"
	CodePersistedNotFound    vault.Code = "PERSISTED_QUERY_NOT_FOUND"
	CodeDocumentNotTrusted   vault.Code = "DOCUMENT_NOT_TRUSTED"
)

var edgeCodes = []vault.Code{CodeParseFailed, CodeValidationFailed, CodePersistedUnsupported, CodePersistedNotFound, CodeDocumentNotTrusted}

// refusal is why a request had no GraphQL answer.
type refusal int

const (
	accepted refusal = iota // no refusal
	refuseMethod
	refuseAccept
	refuseMedia
	refuseEncoding
	refuseSize
	refuseSlow
	refuseRead
	refuseSyntax
	refuseBatch
	refuseDuplicate
	refuseNesting
	refuseQuery
	refuseName
	refuseVariables
	refuseExtensions
	refusePersisted
	refuseUnknownHash
	refuseHash
	refuseUntrusted
	refuseTimeout
	refuseGone
	refuseAnswer
)

// refusals gives each its status and its error. Messages are fixed: nothing of
// the request is ever part of one.
var refusals = map[refusal]struct {
	status  int
	code    vault.Code
	message string
}{
	refuseMethod:      {http.StatusMethodNotAllowed, vault.CodeBadRequest, "send the operation by POST; GET answers what is asked about the schema only"},
	refuseAccept:      {http.StatusNotAcceptable, vault.CodeBadRequest, "the answer is " + mediaGraphQL + " or " + mediaJSON + "; accept one of them"},
	refuseMedia:       {http.StatusUnsupportedMediaType, vault.CodeBadRequest, "send the request as " + mediaJSON + " in UTF-8"},
	refuseEncoding:    {http.StatusUnsupportedMediaType, vault.CodeBadRequest, "send the body without a Content-Encoding"},
	refuseSize:        {http.StatusRequestEntityTooLarge, vault.CodeBadRequest, "the body is too large"},
	refuseSlow:        {http.StatusRequestTimeout, vault.CodeTimeout, "the body did not arrive in time"},
	refuseRead:        {http.StatusBadRequest, vault.CodeBadRequest, "the body did not arrive whole"},
	refuseSyntax:      {http.StatusBadRequest, vault.CodeBadRequest, "the body is not one JSON object in UTF-8"},
	refuseBatch:       {http.StatusBadRequest, vault.CodeBadRequest, "send one operation per request; a list of them is not accepted"},
	refuseDuplicate:   {http.StatusBadRequest, vault.CodeBadRequest, "a JSON object of the body has two members of one name"},
	refuseNesting:     {http.StatusBadRequest, vault.CodeBadRequest, "the JSON of the body is nested deeper than 64 levels"},
	refuseQuery:       {http.StatusBadRequest, vault.CodeBadRequest, `"query" has to be a string that is not empty`},
	refuseName:        {http.StatusBadRequest, vault.CodeBadRequest, `"operationName" has to be a string or null`},
	refuseVariables:   {http.StatusBadRequest, vault.CodeBadRequest, `"variables" has to be an object or null`},
	refuseExtensions:  {http.StatusBadRequest, vault.CodeBadRequest, `"extensions" has to be an object or null`},
	refusePersisted:   {http.StatusOK, CodePersistedUnsupported, "PersistedQueryNotSupported"}, // clients compare the text
	refuseUnknownHash: {http.StatusOK, CodePersistedNotFound, "PersistedQueryNotFound"},        // this one, too
	refuseHash:        {http.StatusBadRequest, vault.CodeBadRequest, `"persistedQuery" has to hold "version": 1 and "sha256Hash", the document's SHA-256 in lower-case hex`},
	refuseUntrusted:   {http.StatusForbidden, CodeDocumentNotTrusted, "only documents that the app was released with are answered; update the app"},
	refuseTimeout:     {http.StatusServiceUnavailable, vault.CodeTimeout, "the operation took too long and was ended"},
	refuseGone:        {http.StatusServiceUnavailable, vault.CodeUnavailable, "the request was given up before it was answered"},
	refuseAnswer:      {http.StatusInternalServerError, vault.CodeInternal, "the answer could not be written"},
}

func (r refusal) status() int { return refusals[r].status }

// error names the limit and its figure, where it was one.
func (r refusal) error(l Limits) *gqlerror.Error {
	err := vault.NewError(refusals[r].code, refusals[r].message)
	switch r {
	case refuseSize:
		err = err.With("limit", "bodyBytes").With("maximum", strconv.FormatInt(l.BodyBytes, 10))
	case refuseNesting:
		err = err.With("limit", "nesting").With("maximum", strconv.Itoa(maxNesting))
	case refuseTimeout:
		err = err.With("limit", "timeout").With("maximum", l.Timeout.String())
	default: // no limit
	}
	return newError(err)
}

// statusOfCode is the status of a whole request refused with a code, whatever
// the media type, or 0 for a code that makes an ordinary request error.
func statusOfCode(code vault.Code) int {
	switch code {
	case vault.CodeUnauthenticated:
		return http.StatusUnauthorized
	case vault.CodeForbidden, CodeDocumentNotTrusted:
		return http.StatusForbidden
	case vault.CodeRateLimited:
		return http.StatusTooManyRequests
	case vault.CodeUnavailable, vault.CodeTimeout:
		return http.StatusServiceUnavailable
	case vault.CodeInternal:
		return http.StatusInternalServerError
	case vault.CodePolicyNotAccepted, CodePersistedUnsupported, CodePersistedNotFound:
		return http.StatusOK // to be read: some clients read no body beside another status
	default:
		return 0
	}
}

// statusOf is the status of an answer. Data beside errors is a success: it is
// only when there is none that the request as a whole was refused. override is
// what a resolver noted in Meta, 0 for nothing.
func statusOf(media string, data []byte, errs gqlerror.List, override int) int {
	switch {
	case hasData(data) || len(errs) == 0:
		return http.StatusOK
	case override != 0:
		return override
	case data != nil: // executed, and null
		return http.StatusOK
	}
	for _, err := range errs {
		if status := statusOfCode(codeOf(err)); status != 0 {
			return status
		}
	}
	if media == mediaGraphQL {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

func hasData(data []byte) bool {
	return data != nil && !bytes.Equal(data, []byte("null"))
}

// codeOf is the code a presented error carries, "" for none.
func codeOf(err *gqlerror.Error) vault.Code {
	switch code := err.Extensions["code"].(type) {
	case string:
		return vault.Code(code)
	case vault.Code:
		return code
	}
	return ""
}

// negotiate chooses the media type of the answer from the Accept headers:
// mediaJSON when nothing is said, "" when neither is acceptable.
func negotiate(accept []string) string {
	ranges := strings.Split(strings.Join(accept, ","), ",")
	if strings.TrimSpace(strings.Join(ranges, "")) == "" {
		return mediaJSON
	}
	json, graphQL := preferenceFor(mediaJSON, ranges), preferenceFor(mediaGraphQL, ranges)
	switch {
	case json.quality == 0 && graphQL.quality == 0:
		return ""
	case graphQL.beats(json):
		return mediaGraphQL
	}
	return mediaJSON
}

// preference is how much a client wants a media type.
type preference struct {
	quality  float64 // 0 is not at all
	specific int     // how exactly it was named: 3 by name, 2 application/*, 1 */*
	place    int     // the position of the range that named it
}

func (p preference) beats(q preference) bool {
	if p.quality != q.quality {
		return p.quality > q.quality
	}
	if p.specific != q.specific {
		return p.specific > q.specific
	}
	return p.place < q.place
}

// preferenceFor reads the most specific range that covers a media type.
// Ranges that cannot be read, or want a charset other than UTF-8, cover nothing.
func preferenceFor(media string, ranges []string) preference {
	named := map[string]int{media: 3, "application/*": 2, "*/*": 1}
	best := preference{}
	for place, text := range ranges {
		covered, params, err := mime.ParseMediaType(text)
		if err != nil || named[covered] <= best.specific || !utf8Charset(params) {
			continue
		}
		quality, ok := qualityOf(params)
		if ok {
			best = preference{quality: quality, specific: named[covered], place: place}
		}
	}
	return best
}

func qualityOf(params map[string]string) (float64, bool) {
	text, ok := params["q"]
	if !ok {
		return 1, true
	}
	quality, err := strconv.ParseFloat(text, 64)
	return quality, err == nil && quality >= 0 && quality <= 1
}

// utf8Charset tells whether the parameters of a media type leave the charset
// open or name UTF-8.
func utf8Charset(params map[string]string) bool {
	charset, ok := params["charset"]
	return !ok || strings.EqualFold(charset, "utf-8")
}
